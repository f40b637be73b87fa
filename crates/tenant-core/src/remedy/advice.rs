//! [`Advice`]: what only people can do.

/// The list and the enum are one text, so that [`Advice::ALL`] misses none.
macro_rules! advice {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// Advice for a person.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Advice {
            $($(#[$about])* $name,)*
        }

        impl Advice {
            /// All kinds of advice, so that a program's tests can check that it has words for each.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];
        }
    };
}

advice! {
    /// Write the database URL in the form that is read.
    CorrectUrl,
    /// Correct PGSERVICE or PGSERVICEFILE, or the file of services.
    CorrectService,
    /// Name the authority's certificate.
    TrustAuthority,
    /// Correct the files of the client's certificate in the URL.
    CorrectCertificate,
    /// Start the server, or correct host and port.
    StartServer,
    /// Correct role and password.
    CorrectLogin,
    /// Create the database, or correct its name.
    CreateDatabase,
    /// Check the TLS settings and the server's certificate.
    CheckTls,
    /// Reset `standard_conforming_strings`, or set it to `on` in the URL.
    ResetStrings,
    /// Connect to the primary server.
    UsePrimary,
    /// Read the server's message, and try again.
    ReadServerMessage,
    /// Read the message, and fix what it names.
    ReadMessage,
    /// Connect to PostgreSQL itself, and not to a pooler.
    ConnectDirectly,

    /// Correct the name of the schema for extensions.
    CorrectExtensionsSchema,
    /// Correct the schemas that follow the tenants' schemas in the search path.
    CorrectRuntimePath,
    /// Choose another name for the tenant.
    ChooseAnotherName,
    /// Correct the name that was given.
    CorrectName,
    /// Change the pattern for names to allow the name, or rename the schema.
    AllowName,
    /// List a tenant with this schema in the list of tenants.
    ListSchema,
    /// Name the schema of a new tenant, or insert its row with the schema first.
    NameTenantSchema,
    /// Insert the tenant's row into the application's table, in the same transaction or earlier.
    InsertTenantRow,
    /// Delete the tenant's row from the application's table, in the same transaction or earlier.
    DeleteTenantRow,
    /// Remove the statement of the application's own work that changes a part that only this
    /// library changes.
    ChangeOwnWork,
    /// Correct the application's list or the table beside it, so that both name the same schema.
    ChooseListedSchema,
    /// Change the tenant's name in the application's table, in the same transaction or earlier.
    RenameTenantRow,
    /// Run the rest of a partly applied migration by hand, and record its version.
    FinishMigration,
    /// List the tenant again in the application's table.
    ListTenantAgain,
    /// Correct the rows or the columns that the message names, and run it again.
    CorrectList,
    /// Set the state in the application's own list, and name the column of states.
    ListState,
    /// Correct the row in the registry.
    CorrectRow,
    /// Change the pattern for names to allow a registered name, or rename the customer.
    AllowRegisteredName,
    /// Write the name of the tenant's schema into its row.
    GiveSchema,
    /// Give each tenant its own schema.
    GiveOwnSchema,
    /// Correct the template for schema names, or rename the schemas to match it.
    CorrectTemplate,
    /// Start the program so that it may change rows.
    AllowChanges,
    /// Select at least one tenant, or all.
    SelectTenants,
    /// Choose the schema of a tenant.
    ChooseTenantSchema,
    /// Rename the schema.
    RenameSchema,
    /// Drop the objects that can't be copied, or move them to another schema.
    MoveObjects,
    /// Export the tenant again, or take another copy of the file.
    UseWholeArchive,
    /// Use the program that has the migrations of the archive.
    ImportWithOtherProgram,
    /// Import with the drift, or repair the tenant before it is exported.
    AllowDrift,
    /// Insert the rows that the tenant refers to, and import again.
    InsertReferencedRows,
    /// Change the dependent objects, or allow their drop.
    RemoveDependents,
    /// Change or drop the dependent objects.
    DetachDependents,
    /// Create a tenant, copy the rows, and report the error.
    CopyRows,
    /// Restore the table that lists the tenants from a backup.
    RestoreTable,
    /// Change or disable the trigger, or the rule, of the table that lists the tenants.
    FixRegistryTrigger,
    /// Restore the tenant's schema from a backup.
    RestoreBackup,
    /// Move objects that no migration creates to another schema, and migrate the tenant.
    MoveForeignObjects,
    /// Move objects that no migration creates out of a schema that looks like a tenant's.
    MoveOthersObjects,
    /// Leave a schema that belongs to no tenant.
    LeaveSchema,
    /// Name the version that the schema has, and repair the tenant.
    NameAdoptedVersion,
    /// Find the version of the schema from its rows, and name it.
    ChooseAdoptedVersion,
    /// Change the schema by hand so that it matches a version.
    FixSchema,
    /// Compare the object with another tenant's, and change it by hand.
    CompareByHand,
    /// Merge two objects of which one has the other's name, and drop neither before.
    UniteObjects,
    /// Rename the object in the message or fix the other difference, then repair the tenant.
    RenameOther,
    /// Run the SQL that a health check shows, by hand.
    RunSqlByHand,
    /// Change the rows that block the statement.
    FixRows,
    /// Replace the name of a spare in rows with the tenant's name.
    CorrectNamedRows,
    /// Create tenants without spares, or keep the schema's name out of the migrations.
    DoWithoutSpares,
    /// Allow spares although the migrations use the schema's name, if they create the same
    /// under every name.
    AllowNameUses,
    /// Keep what the migrations created under another name, or change it by hand.
    KeepWhatNameMade,
    /// Check the contents before you drop anything.
    KeepRows,
    /// Let the role create a database, and check again.
    AllowScratchDatabase,

    /// Change the migration or the tenant's rows.
    FixMigration,
    /// Fix the failed function, which is outside the schema, or disable its trigger.
    FixFunction,
    /// Grant rights to the role that the migration switches to, or remove the switch.
    GrantRole,
    /// Change the time-out that the migration sets.
    ChangeTimeout,
    /// Create a database-wide object in a public migration.
    CreateOnce,
    /// Remove the statement that sets the path from the migration.
    RemoveSearchPath,
    /// Name the schema that has the extensions or the shared types.
    NameExtensionsSchema,
    /// Name the schema of the object, or allow it as a shared object.
    NameSchema,
    /// Move the statement to a migration of the public schema.
    MoveToPublicMigration,
    /// Write a migration that creates the object for every tenant.
    AddMigration,
    /// Write a migration that changes the object for every tenant.
    AddChangingMigration,
    /// Write a migration that renames the object for every tenant.
    AddRenamingMigration,
    /// Write the missing `down.sql` files, or a new migration.
    AddDownFiles,
    /// Complete the `down.sql` files, or write a new migration.
    CompleteDownFiles,
    /// Save the file as UTF-8 text, readable for this user.
    CorrectFile,
    /// Read the `down.sql` files, or use a role that may create a schema.
    ReadDownFiles,
    /// Read the edits, and check parts that are not compared by hand.
    CompareTexts,
    /// Restore the migration's file, and write a new migration for the change.
    RestoreFile,
    /// Use the program that has the migrations: name their folder, or restore it.
    UseOtherProgram,
    /// Allow unknown migrations, if several programs migrate the tenants.
    AllowUnknownMigrations,
    /// Run the migrations again, if they were reverted or never ran.
    RerunRecorded,
    /// Name the baseline, or its last migration.
    NameBaseline,
    /// Name the newest old migration that the baseline replaces.
    NameNewestReplaced,
    /// Correct the baseline, if all tenants differ from it.
    CorrectBaseline,
    /// Repair the tenant with the program that has the old migrations.
    RepairWithOldProgram,
    /// Migrate the tenant with the program that has the old migrations.
    MigrateWithOldProgram,
    /// Name a version, a migration's folder, or zero.
    NameVersion,
    /// Write a statement into the migration, or delete its folder.
    WriteStatement,
    /// Close the string, the comment or the block.
    CloseText,
    /// Remove the statement from the migration.
    RemoveStatement,
    /// Release single locks with `pg_advisory_unlock`.
    ReleaseOwnLocks,
    /// Write rows with `INSERT` instead of `COPY`.
    InsertRows,
    /// Move the statement to its own migration.
    SplitMigration,
    /// Use an ordinary table instead of a temporary object.
    UseOrdinaryTable,
    /// Leave the schema out of the object's name.
    OmitSchema,
    /// Name the schema of default privileges in a public migration, or grant rights on each table.
    NamePrivilegesSchema,
    /// Let the migration run outside a transaction.
    RunOutsideTransaction,
    /// Add the enum's value in a migration outside a transaction.
    AddValueOutsideTransaction,
    /// Do nothing, if the migrations don't depend on each other.
    IgnoreIfIndependent,
    /// Do nothing, if you want both names.
    IgnoreIfMeant,
    /// Find the tenants in which the object already exists.
    FindExisting,
    /// Remove the old name from functions and definitions.
    ReplaceFunctions,
    /// Change the tenant so that no text names its schema.
    RemoveName,
    /// Create the application's table that lists tenants, or name another one.
    CreateListTable,
    /// Allow rows with the name in a clone, if no function uses the schema that a row names.
    AllowNameInRows,
    /// Allow the tenant of another program.
    AllowOtherProgram,
    /// Update the rows that should contain the tenant's name.
    UpdateRows,
    /// Drop the extension, and create it in a schema that belongs to no tenant.
    RecreateExtension,

    /// Wait until the other run has ended.
    WaitForOtherRun,
    /// Wait until the other run has ended, or allow a longer wait.
    WaitLonger,
    /// Wait until the lock is free.
    WaitForLock,
    /// Run it again.
    RunAgain,
    /// Check again when no session waits, or let the role create a database.
    CheckAgain,
    /// Give statements more time.
    AllowMoreTime,
    /// Find out what canceled the statement, such as another session or a timeout of a migration.
    FindCancellation,
    /// Use a role that sees all rows.
    SeeAllRows,
    /// Write into the migration whether it means only visible rows, or all rows.
    AllowHiddenRows,
    /// Use a role that has the right, or grant it.
    GrantRight,
    /// Use a role that can create a schema.
    UseRoleThatMayCreate,
    /// Create the schema that the statement names, or correct the name.
    NameExistingSchema,
    /// Allow more locks on the server, or use fewer jobs.
    RaiseLockTable,
    /// Allow more connections on the server, or use fewer.
    UseFewerConnections,
    /// Give the server more memory, or use fewer jobs.
    FreeMemory,
    /// Start the foreign server that the message names, or fix how it is reached.
    FixForeignServer,
    /// Free space on the server's disk.
    FreeDisk,

    /// Read how to turn one server into a cluster.
    ReadClusterGuide,
    /// Name another node of the cluster.
    NameAnotherNode,
    /// Start the node, or fix the network.
    StartNode,
    /// Make the role known to Citus, as a superuser on the coordinator.
    IntroduceRole,
    /// Copy the reference tables to the new node.
    CopyReferenceTables,
    /// Raise the limits of replication that the message names, or wait for other moves.
    FreeReplication,
    /// Allow the move to block writes.
    BlockWrites,
    /// Add the primary keys.
    AddPrimaryKeys,
}
