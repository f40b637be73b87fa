//! The words for what only people can do.

use tenant_core::remedy::Advice;

/// A clause: one or two sentences without the first capital letter and the last full stop.
pub(super) fn words(advice: Advice) -> &'static str {
    None.or_else(|| of_connections(advice))
        .or_else(|| of_names(advice))
        .or_else(|| of_schemas(advice))
        .or_else(|| of_migrations(advice))
        .or_else(|| of_refusals(advice))
        .or_else(|| of_the_server(advice))
        .or_else(|| of_clusters(advice))
        .unwrap_or(UNKNOWN)
}

/// For advice of a newer library.
pub(super) const UNKNOWN: &str = "read the message, and the documentation of tenant-core";

fn of_connections(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::CorrectUrl => {
            "write it as postgres://ROLE:PASSWORD@HOST:PORT/DATABASE, or as key=value pairs. \
             Percent-encode special characters in the password of a URL, and put single quotes \
             around a value with blanks"
        }
        Advice::CorrectService => {
            "correct PGSERVICE or PGSERVICEFILE, add the service to the file, or name the \
             database with --database-url or DATABASE_URL"
        }
        Advice::TrustAuthority => {
            "name the file with the authority's certificate in the URL: sslrootcert=FILE"
        }
        Advice::CorrectCertificate => {
            "name both files in the URL, sslcert=FILE and sslkey=FILE, in PEM form"
        }
        Advice::StartServer => {
            "start the server, or correct the host and port in --database-url, DATABASE_URL or \
             .env. Without these, the command uses the project's own server"
        }
        Advice::CorrectLogin => {
            "correct the role and password in --database-url, DATABASE_URL or .env"
        }
        Advice::CreateDatabase => {
            "create the database, or correct its name in --database-url, DATABASE_URL or .env"
        }
        Advice::CheckTls => {
            "check sslmode and sslrootcert in the URL, and the server's certificate"
        }
        Advice::ReadServerMessage => "read the server's message, and try again",
        Advice::ResetStrings => {
            "reset it with ALTER ROLE or ALTER DATABASE ... RESET standard_conforming_strings, \
             or add options=-c%20standard_conforming_strings%3Don to the URL"
        }
        Advice::UsePrimary => {
            "give --database-url the address of the primary server. A standby only reads, so \
             migrations can't run there"
        }
        Advice::ConnectDirectly => {
            "give --database-url the server's own address for this command. The other commands \
             work through the pooler"
        }
        _ => return None,
    })
}

fn of_names(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::CorrectExtensionsSchema => {
            "correct the name in --extensions-schema or TENANT_EXTENSIONS_SCHEMA"
        }
        Advice::CorrectRuntimePath => {
            "correct the schemas under [path] behind in tenants.toml, or in RuntimePath"
        }
        Advice::ChooseAnotherName => "choose another name",
        Advice::CorrectName => "correct the name",
        Advice::AllowName => {
            "if the schema belongs to a tenant, change the pattern for tenant names to allow it, \
             or rename the schema with ALTER SCHEMA"
        }
        Advice::ListSchema => {
            "if the schema belongs to a tenant, list the tenant with this schema in the table of \
             tenants"
        }
        Advice::NameTenantSchema => {
            "if the tenant is new, name its schema with --schema, or insert its row with the \
             schema first"
        }
        Advice::ChangeOwnWork => {
            "remove that statement from the SQL file or the code. Only this program changes the \
             schema, its migration history and the tenant's row"
        }
        Advice::InsertTenantRow => {
            "insert the tenant's row into the application's table, in the same transaction or \
             earlier"
        }
        Advice::DeleteTenantRow => {
            "delete the tenant's row from the application's table, in the same transaction or \
             earlier"
        }
        Advice::ChooseListedSchema => {
            "if the earlier schema is the right one, correct the tenant's schema in the \
             application's table"
        }
        Advice::RenameTenantRow => {
            "change the tenant's name in the application's table, in the same transaction or \
             earlier"
        }
        Advice::FinishMigration => {
            "run the rest of that migration by hand, then record its version by adopting the \
             tenant with --at. Don't drop objects that may hold rows"
        }
        Advice::ListTenantAgain => {
            "if you want to keep the tenant, list it again in the application's table"
        }
        Advice::CorrectList => "correct what the message names, and run the command again",
        Advice::ListState => {
            "set the tenant's state in your own table, and name its column in the settings \
             (`state_column`)"
        }
        Advice::CorrectRow => "correct the name in the registry, or delete its row",
        Advice::AllowRegisteredName => {
            "change the pattern for tenant names to allow the name, or rename the customer"
        }
        Advice::GiveSchema => "write the name of the tenant's schema into its row",
        Advice::GiveOwnSchema => "give each tenant its own schema in the list",
        Advice::CorrectTemplate => {
            "correct the template for schema names, or rename the schemas with ALTER SCHEMA to \
             match it"
        }
        Advice::ChooseTenantSchema => "choose the schema of a tenant",
        Advice::RenameSchema => {
            "rename the schema with ALTER SCHEMA, because a tenant can't have its name"
        }
        _ => return None,
    })
}

fn of_schemas(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::MoveObjects => {
            "drop the objects, or move them to a schema that belongs to no tenant, such as the \
             schema for extensions. Then run the command again"
        }
        Advice::UseWholeArchive => "use another copy of the file, or export the tenant again",
        Advice::ImportWithOtherProgram => {
            "import it with a program that has these migrations, such as the one that exported it"
        }
        Advice::AllowDrift => {
            "to import the tenant as it was, add --allow-drift. The file's definitions then run as \
             SQL, so use it for files that you trust"
        }
        Advice::InsertReferencedRows => {
            "insert the missing rows into the tables outside the tenant's schema. Then import it \
             again"
        }
        Advice::RemoveDependents => {
            "change the objects so that they don't depend on the schema, or drop them. With \
             --with-dependents, dropping the tenant also drops them and their data"
        }
        Advice::DetachDependents => {
            "change the objects so that they don't depend on the schema, or drop them. Then run \
             the command again"
        }
        Advice::LeaveSchema => "if the schema belongs to no tenant, leave it as it is",
        Advice::NameAdoptedVersion => {
            "if the schema belongs to a tenant, give its version with --at, then repair the tenant"
        }
        Advice::CopyRows => {
            "create a tenant and copy the rows with `pg_dump --data-only`. Please report this \
             error, because it should not happen"
        }
        Advice::RestoreTable => {
            "restore the table from a backup. If you have no backup, create the table empty, run \
             a health check to list the tenants' schemas, and adopt each one"
        }
        Advice::FixRegistryTrigger => {
            "change or disable the trigger or rule on that table, and run the command again"
        }
        Advice::RestoreBackup => "restore the schema from a backup",
        Advice::MoveForeignObjects => {
            "move the objects to another schema, for example with ALTER TABLE ... SET SCHEMA, \
             and migrate the tenant. If the schema belongs to no tenant, delete its row in the \
             registry"
        }
        Advice::ChooseAdoptedVersion => {
            "give one of these versions with --at. They have the same schema, so only the rows \
             show which migrations were applied"
        }
        Advice::MoveOthersObjects => {
            "if the schema is not needed, move the objects that no migration creates to another \
             schema first, for example with ALTER TABLE ... SET SCHEMA"
        }
        Advice::FixSchema => "change the schema by hand so that it matches a version",
        Advice::CompareByHand => {
            "compare it with another tenant, and change it by hand. No SQL is certain to be right"
        }
        Advice::UniteObjects => {
            "compare the two, and copy what only one of them has into the other. Then give the \
             complete one the name that the migrations expect. Drop neither before that"
        }
        Advice::RenameOther => {
            "rename the object that has the name, or fix the other difference first. Then repair \
             the tenant"
        }
        Advice::RunSqlByHand => "fix it by hand with the SQL that a health check shows",
        Advice::FixRows => "change the rows that the message names, and run the command again",
        Advice::CorrectNamedRows => {
            "write the tenant's own name into these rows with UPDATE. A migration wrote the \
             spare's name there"
        }
        Advice::DoWithoutSpares => {
            "create tenants without spares, which takes as long as the migrations. Or write \
             migrations that don't store the name, and read TG_TABLE_SCHEMA or current_schema() \
             when the function runs"
        }
        Advice::AllowNameUses => {
            "give --allow-name-uses when you create spares and tenants, if the migrations create \
             the same objects for every schema name"
        }
        Advice::KeepWhatNameMade => {
            "keep it, or compare it with another tenant and change it by hand. The migrations \
             use the schema's name, so they may have created the object under another name"
        }
        Advice::KeepRows => {
            "find out whether its contents belong elsewhere, because dropping it would lose \
             them. Once it is empty, the health check shows the SQL that drops it"
        }
        Advice::AllowScratchDatabase => {
            "let the role create a database with ALTER ROLE ... CREATEDB, and run the command \
             again. The migrations are then tried there under the tenant's name"
        }
        Advice::ReadMessage => "fix what the message names",
        Advice::FindExisting => {
            "find out where the existing object comes from. It was created by hand, or by a run \
             that is missing from the migration history"
        }
        _ => return None,
    })
}

fn of_migrations(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::FixMigration => {
            "fix the migration or the tenant's rows, and run the command again. It retries only \
             tenants that failed"
        }
        Advice::FixFunction => {
            "fix the function that the message names, or disable its trigger, and run the \
             command again. It is outside the tenant's schema, and the migration may be right"
        }
        Advice::GrantRole => {
            "remove the SET ROLE from the migration, or grant USAGE and CREATE on the tenant's \
             schema to that role. The statement may need more rights"
        }
        Advice::ChangeTimeout => "change the statement_timeout that the migration itself sets",
        Advice::CreateOnce => {
            "create the object in a public migration. It belongs to the whole database, and each \
             tenant's run would create it again"
        }
        Advice::RemoveSearchPath => {
            "remove the SET search_path from the migration. The path already leads to the \
             tenant's schema"
        }
        Advice::NameSchema => {
            "if you mean the shared object, name its schema in the migration, or give its name \
             with --shared-object. If not, create the object in the tenant's schema first"
        }
        Advice::MoveToPublicMigration => {
            "move the statement to a public migration, which runs once for the database"
        }
        Advice::AddMigration => "write a migration that creates it for every tenant",
        Advice::AddChangingMigration => "write a migration that changes it for every tenant",
        Advice::NameExtensionsSchema => {
            "if that schema has the extensions and types that tenants share, name it with \
             --extensions-schema or TENANT_EXTENSIONS_SCHEMA"
        }
        Advice::AddRenamingMigration => "write a migration that renames it for every tenant",
        Advice::AddDownFiles => {
            "write a down.sql for each migration, or undo its changes with a new migration"
        }
        Advice::AllowChanges => "start the studio with --write to change rows",
        Advice::SelectTenants => "select at least one tenant, or all of them",
        Advice::CorrectFile => "save the file as UTF-8 text, and let this user read it",
        Advice::CompleteDownFiles => {
            "complete the down.sql files, or clean up with a new migration"
        }
        Advice::ReadDownFiles => {
            "fix the migration if one failed, or read the down.sql files to see what they drop. \
             The trial run needs a role that can create a schema, or a database"
        }
        Advice::RestoreFile => {
            "restore the file as it was, and write the change as a new migration"
        }
        Advice::CompareTexts => {
            "read what changed in the migrations. If a change concerns one of these parts, check \
             that part of the tenants by hand"
        }
        Advice::UseOtherProgram => {
            "run the program that applied these migrations, give their folder with \
             --migrations-dir, or restore it"
        }
        Advice::AllowUnknownMigrations => {
            "give --allow-unknown-migrations if several programs migrate the tenant on purpose"
        }
        Advice::RerunRecorded => {
            "if another tool reverted the migrations or a backup restored an earlier state, run \
             them again with --rerun-recorded"
        }
        Advice::NameBaseline => {
            "name the baseline with --baseline. If it has several migrations, name the last one"
        }
        Advice::NameNewestReplaced => {
            "if the baseline replaces these migrations too, name the newest of them with --through"
        }
        Advice::CorrectBaseline => {
            "if all tenants differ like this, correct the baseline. If the baseline has several \
             migrations, name the last one with --baseline"
        }
        Advice::RepairWithOldProgram => {
            "migrate and repair the tenant with the program that has the old migrations, then \
             run this command again"
        }
        Advice::MigrateWithOldProgram => {
            "migrate the tenant with the program that has the old migrations, then run this \
             command again"
        }
        Advice::NameVersion => {
            "give a version, the name of a migration's folder, or 0 for the state before the \
             first migration"
        }
        Advice::RunOutsideTransaction => {
            "move the statement to its own migration, with `run_in_transaction = false` in a \
             metadata.toml beside its up.sql"
        }
        Advice::AddValueOutsideTransaction => {
            "use the enum value in a later migration, over a direct connection, so that the run \
             commits between the two. Behind a pooler, put `run_in_transaction = false` into a \
             metadata.toml beside the first up.sql"
        }
        Advice::IgnoreIfIndependent => {
            "do nothing if the migrations don't depend on each other. Give new migrations \
             today's date"
        }
        Advice::IgnoreIfMeant => {
            "do nothing if you want both tenants. PostgreSQL distinguishes the names only where \
             they are quoted"
        }
        Advice::RecreateExtension => {
            "save the columns of the extension's types, drop it, and create it in a schema that \
             belongs to no tenant. The extension can't be moved"
        }
        Advice::ReplaceFunctions => {
            "read the functions and definitions. If one refers to the tenant, change it so that \
             it doesn't contain the schema's name"
        }
        Advice::CreateListTable => {
            "if they are applied already, add a public migration that creates this table, or \
             correct `[registry]` in tenants.toml"
        }
        Advice::RemoveName => {
            "change these objects so that they don't depend on the schema's name, and run the \
             command again. A default that contains exactly the name needs no change"
        }
        Advice::AllowNameInRows => {
            "give --allow-name-in-rows if no function uses the schema that a row names. Update \
             the rows of the clone afterwards"
        }
        Advice::AllowOtherProgram => {
            "give --allow-other-program if you mean the other program's tenant"
        }
        Advice::UpdateRows => "update the rows if they should contain the tenant's name",
        _ => return None,
    })
}

fn of_refusals(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::WriteStatement => "write a statement, or delete the migration's folder",
        Advice::CloseText => "close it in the file",
        Advice::RemoveStatement => "remove the statement",
        Advice::ReleaseOwnLocks => "release your own locks with pg_advisory_unlock",
        Advice::InsertRows => "use INSERT instead",
        Advice::SplitMigration => "move the statement to its own migration",
        Advice::UseOrdinaryTable => "use an ordinary table",
        Advice::OmitSchema => "leave the schema out of the name",
        Advice::NamePrivilegesSchema => {
            "name the schema with IN SCHEMA in a public migration, or grant rights on each of \
             the tenant's tables"
        }
        _ => return None,
    })
}

fn of_the_server(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::WaitForOtherRun => "wait until the other run has ended, and run the command again",
        Advice::WaitLonger => {
            "wait until the other run has ended, and run the command again, or give a longer --wait"
        }
        Advice::WaitForLock => {
            "run the command again when the other session has released its lock on the table"
        }
        Advice::RunAgain => "run the command again. It plans the rollback anew",
        Advice::CheckAgain => {
            "run the command again, or let the role create a database with ALTER ROLE ... \
             CREATEDB. No other session waits for a trial run there"
        }
        Advice::AllowMoreTime => {
            "give a longer --statement-timeout, or 0 for no limit, and run the command again"
        }
        Advice::FindCancellation => {
            "find out what canceled the statement, such as another session or a timeout that the \
             migration or a function sets. Then run the command again"
        }
        Advice::SeeAllRows => {
            "use a role that sees all rows. A superuser can grant this with ALTER ROLE ... \
             BYPASSRLS"
        }
        Advice::AllowHiddenRows => {
            "write SET LOCAL row_security = on into the migration if you mean only the visible \
             rows. To mean all rows, put NO FORCE ROW LEVEL SECURITY before the statement and \
             FORCE after it"
        }
        Advice::GrantRight => {
            "use a role that has the right, or grant it. New tenants need CREATE ON DATABASE, \
             and public migrations need CREATE ON SCHEMA public. Only the owner of a schema can \
             change or drop it"
        }
        Advice::UseRoleThatMayCreate => {
            "run the check as a role that can create a schema (GRANT CREATE ON DATABASE) and a \
             database (ALTER ROLE ... CREATEDB)"
        }
        Advice::NameExistingSchema => {
            "create the schema that the message names, or correct the name. If Citus can't see \
             the tenant's own schema, give --database-url the server's own address instead of a \
             pooler's"
        }
        Advice::RaiseLockTable => {
            "raise max_locks_per_transaction in postgresql.conf and restart the server, or give \
             a smaller --jobs. The server's table of locks is full"
        }
        Advice::UseFewerConnections => {
            "close other connections, raise max_connections, or give a smaller --jobs"
        }
        Advice::FreeMemory => {
            "give the server more memory, or give a smaller --jobs, and run the command again"
        }
        Advice::FixForeignServer => {
            "start the foreign server that the statement uses, or fix its address and user \
             mapping. Then run the command again"
        }
        Advice::FreeDisk => {
            "free space on the server's disk, and run the command again. It retries only tenants \
             that failed"
        }
        _ => return None,
    })
}

fn of_clusters(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::ReadClusterGuide => {
            "read \"On a Citus cluster\" in the guide, TENANT_SCHEMA_MIGRATION.md, to turn one \
             server into a cluster"
        }
        Advice::NameAnotherNode => "name another node of the cluster",
        Advice::StartNode => {
            "start the node that the message names, or fix the network between it and the \
             coordinator. Then run the command again. It retries only tenants that failed"
        }
        Advice::IntroduceRole => {
            "register the role with Citus, which does not know roles that are older than its \
             extension. As a superuser on the coordinator, run GRANT role TO CURRENT_USER, then \
             REVOKE role FROM CURRENT_USER, with the name of the role"
        }
        Advice::CopyReferenceTables => {
            "run SELECT replicate_reference_tables('block_writes') on the coordinator, then run \
             the command again. The new node lacks the shared tables, and sessions that write to \
             them wait for the copy"
        }
        Advice::FreeReplication => {
            "wait until other moves have ended, or raise the setting in the named node's \
             postgresql.conf and restart that node"
        }
        Advice::BlockWrites => {
            "give --block-writes. Sessions that write to the tenant then wait until it is moved"
        }
        Advice::AddPrimaryKeys => "add the primary keys with a migration",
        _ => return None,
    })
}
