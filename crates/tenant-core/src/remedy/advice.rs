//! [`Advice`]: what only people can do.

/// The list and the enum are one text, so that [`Advice::ALL`] misses none.
macro_rules! advice {
    ($($(#[$about:meta])* $name:ident,)*) => {
        /// Something that only people can do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Advice {
            $($(#[$about])* $name,)*
        }

        impl Advice {
            /// All of them: a program's tests can see that it has words for each.
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
    /// Correct the names of the schemas behind the tenants' own.
    CorrectRuntimePath,
    /// Choose another name for the tenant.
    ChooseAnotherName,
    /// Correct the name that was given.
    CorrectName,
    /// Allow the name by the fleet's pattern for names, or rename the schema.
    AllowName,
    /// List the schema, and the tenant that it is to belong to, in the list of tenants.
    ListSchema,
    /// Name the schema of a new tenant, or list the tenant with it before.
    NameTenantSchema,
    /// Insert the tenant's row into the application's table in the same transaction.
    InsertTenantRow,
    /// Delete the tenant's row from the application's table before, or in the same transaction.
    DeleteTenantRow,
    /// Remove the statement from the application's own work that changes what only this library
    /// changes.
    ChangeOwnWork,
    /// Let the application's list and what is kept beside it name the same schema.
    ChooseListedSchema,
    /// Change the tenant's name in the application's table before, or in the same transaction.
    RenameTenantRow,
    /// Finish by hand the migration that created part of what it creates, and record it.
    FinishMigration,
    /// List the tenant again in the application's table.
    ListTenantAgain,
    /// Correct the rows or the columns that the message names, and run it again.
    CorrectList,
    /// Correct the row in the registry.
    CorrectRow,
    /// Allow a name that is registered by the fleet's pattern for names, or rename the customer.
    AllowRegisteredName,
    /// Write the name of the tenant's schema into its row.
    GiveSchema,
    /// Give each tenant a schema of its own.
    GiveOwnSchema,
    /// Correct the template for schema names, or rename the schemas to what it makes.
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
    /// Change what depends on the schema so that it doesn't, or say that it may be dropped.
    RemoveDependents,
    /// Change what depends on the schema so that it doesn't, or drop it.
    DetachDependents,
    /// Create a tenant, copy the rows, and report the error.
    CopyRows,
    /// Restore the table that lists the tenants from a backup.
    RestoreTable,
    /// Change or disable the trigger, or the rule, of the table that lists the tenants.
    FixRegistryTrigger,
    /// Restore the tenant's schema from a backup.
    RestoreBackup,
    /// Move what no migration creates to another schema, and migrate the tenant.
    MoveForeignObjects,
    /// Move what no migration creates out of a schema that looks like a tenant's.
    MoveOthersObjects,
    /// Do nothing with a schema that is no tenant's.
    LeaveSchema,
    /// Name the version that the schema has, and repair the tenant.
    NameAdoptedVersion,
    /// Name the version that the schema has: only its rows can show which it is.
    ChooseAdoptedVersion,
    /// Change the schema by hand so that it matches a version.
    FixSchema,
    /// Compare the object with another tenant's, and change it by hand.
    CompareByHand,
    /// Bring two objects together of which one has the other's name, and drop neither before.
    UniteObjects,
    /// Repair first what the message names, or rename it, then repair the tenant.
    RenameOther,
    /// Run the SQL that a health check shows, by hand.
    RunSqlByHand,
    /// Change the rows that are in the way.
    FixRows,
    /// Write the tenant's name into the rows that have the name of a spare.
    CorrectNamedRows,
    /// Create tenants without spares, or keep the schema's name out of the migrations.
    DoWithoutSpares,
    /// Allow spares although the migrations use the schema's name, if they create the same
    /// under every name.
    AllowNameUses,
    /// Keep what the migrations created under another name, or change it by hand.
    KeepWhatNameMade,
    /// Find out what the rows are before anything is dropped.
    KeepRows,
    /// Let the role create a database, and check again.
    AllowScratchDatabase,

    /// Change the migration or the tenant's rows.
    FixMigration,
    /// Fix the function that failed, which is not the migration's, or disable its trigger.
    FixFunction,
    /// Grant the role that the migration switches to what it needs, or switch to none.
    GrantRole,
    /// Change the time-out that the migration sets.
    ChangeTimeout,
    /// Create the object of the whole database in a public migration.
    CreateOnce,
    /// Remove the statement that sets the path from the migration.
    RemoveSearchPath,
    /// Name the schema that has the extensions or the shared types.
    NameExtensionsSchema,
    /// Name the schema of what is meant, or list it as shared.
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
    /// Make the file one of UTF-8 text that this user may read.
    CorrectFile,
    /// Read the `down.sql` files, or use a role that may create a schema.
    ReadDownFiles,
    /// Read what was edited, and check by hand what no comparison sees.
    CompareTexts,
    /// Restore the migration's file, and write a new migration for the change.
    RestoreFile,
    /// Use the program that has the migrations: name their folder, or restore it.
    UseOtherProgram,
    /// Say that the tenants are shared with another program, and may be migrated by this
    /// one.
    AllowUnknownMigrations,
    /// Name the baseline, or its last migration.
    NameBaseline,
    /// Name the newest old migration that the baseline replaces.
    NameNewestReplaced,
    /// Correct the baseline: where all tenants differ, it creates something else.
    CorrectBaseline,
    /// Repair the tenant with the program that has the old migrations.
    RepairWithOldProgram,
    /// Migrate the tenant with the program that has the old migrations.
    MigrateWithOldProgram,
    /// Name a version, a migration's folder, or zero.
    NameVersion,
    /// Let the migration run outside a transaction.
    RunOutsideTransaction,
    /// Add the enum's value in a migration outside a transaction.
    AddValueOutsideTransaction,
    /// Nothing, if the migrations don't depend on each other.
    IgnoreIfIndependent,
    /// Nothing, if both names are meant.
    IgnoreIfMeant,
    /// Find the tenants in which the object already exists.
    FindExisting,
    /// Change functions and definitions so that they don't have the old name in them.
    ReplaceFunctions,
    /// Change the tenant so that no text names its schema.
    RemoveName,
    /// Create the application's table that lists tenants, or name another one.
    CreateListTable,
    /// Allow a clone to have rows with the name, if no function works on the schema that a
    /// row names.
    AllowNameInRows,
    /// Say that a tenant of another program is meant.
    AllowOtherProgram,
    /// Update the rows where they mean the tenant's name.
    UpdateRows,
    /// Drop the extension, and create it in a schema that belongs to no tenant.
    RecreateExtension,

    /// Wait until the other run has ended.
    WaitForOtherRun,
    /// Wait until the other run has ended, or let the run wait longer.
    WaitLonger,
    /// Wait until the lock is free.
    WaitForLock,
    /// Run it again.
    RunAgain,
    /// Check again when no session waits, or let the role create a database.
    CheckAgain,
    /// Give statements more time.
    AllowMoreTime,
    /// Find what canceled the statement: another session, or a time-out that a migration
    /// sets.
    FindCancellation,
    /// Use a role that sees all rows.
    SeeAllRows,
    /// Let the migration say that it means the visible rows, or that the owner sees all.
    AllowHiddenRows,
    /// Use a role that has the right, or grant it.
    GrantRight,
    /// Use a role that may create a schema.
    UseRoleThatMayCreate,
    /// Create the schema that the statement names, or correct the name.
    NameExistingSchema,
    /// Let the server hold more locks, or work on fewer tenants at a time.
    RaiseLockTable,
    /// Let the server take more connections, or use fewer.
    UseFewerConnections,
    /// Give the server more memory, or work on fewer tenants at a time.
    FreeMemory,
    /// Start the foreign server that the message names, or fix how it is reached.
    FixForeignServer,
    /// Free space on the server's disk.
    FreeDisk,

    /// Read how a database is spread over several servers.
    ReadClusterGuide,
    /// Name another server of the cluster.
    NameAnotherNode,
    /// Start the server of the cluster, or fix the network.
    StartNode,
    /// Let a superuser make the role known to the cluster, on whose coordinator it was
    /// before Citus.
    IntroduceRole,
    /// Copy the reference tables to the server that was added.
    CopyReferenceTables,
    /// Raise the limits of replication that the message names, or wait for other moves.
    FreeReplication,
    /// Let those who write wait.
    BlockWrites,
    /// Add the primary keys.
    AddPrimaryKeys,
}
