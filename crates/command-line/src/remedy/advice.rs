//! The words for what only people can do.

use tenant_core::remedy::Advice;

/// A clause: it begins with a small letter, and has no full stop at its end.
pub(super) fn words(advice: Advice) -> &'static str {
    None.or_else(|| of_connections(advice))
        .or_else(|| of_names(advice))
        .or_else(|| of_schemas(advice))
        .or_else(|| of_migrations(advice))
        .or_else(|| of_the_server(advice))
        .or_else(|| of_clusters(advice))
        .unwrap_or(UNKNOWN)
}

/// For advice of a newer library.
pub(super) const UNKNOWN: &str = "read the message, and the documentation of tenant-core";

fn of_connections(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::CorrectUrl => {
            "write it as postgres://ROLE:PASSWORD@HOST:PORT/DATABASE, with special characters of \
             the password percent-encoded, or as key=value pairs with single quotes around a value \
             that has blanks"
        }
        Advice::CorrectService => {
            "correct PGSERVICE or PGSERVICEFILE, add the service to the file, or name the database \
             with --database-url or DATABASE_URL"
        }
        Advice::TrustAuthority => {
            "name the file with the authority's certificate: sslrootcert=FILE in the URL"
        }
        Advice::CorrectCertificate => {
            "name both files in the URL, sslcert=FILE and sslkey=FILE, in PEM form"
        }
        Advice::StartServer => {
            "start the server, or correct host and port in --database-url, DATABASE_URL or .env. \
             Without these, the command uses the project's own server"
        }
        Advice::CorrectLogin => "correct role and password in --database-url, DATABASE_URL or .env",
        Advice::CreateDatabase => {
            "create the database, or correct its name in --database-url, DATABASE_URL or .env"
        }
        Advice::CheckTls => {
            "check sslmode and sslrootcert in the URL, and the server's certificate"
        }
        Advice::ReadServerMessage => "read the server's message, and try again",
        Advice::ResetStrings => {
            "reset it with ALTER ROLE or ALTER DATABASE ... RESET standard_conforming_strings, or \
             add options=-c%20standard_conforming_strings%3Don to the URL"
        }
        Advice::UsePrimary => {
            "give --database-url the address of the primary server. A standby only reads, and can't try \
             migrations"
        }
        Advice::ConnectDirectly => {
            "give --database-url the server's own address for this command. The pooler is fine \
             for the others"
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
            "correct the schemas that are named behind the tenants' schemas: [path] behind in \
             tenants.toml, or RuntimePath"
        }
        Advice::ChooseAnotherName => "choose another name",
        Advice::CorrectName => "correct the name",
        Advice::AllowName => {
            "if it is a tenant's, allow its name by the pattern for tenant names, or rename it with \
             ALTER SCHEMA"
        }
        Advice::ListSchema => {
            "if it is a tenant's, list the tenant with this schema in the table of tenants"
        }
        Advice::NameTenantSchema => {
            "if the tenant is new, name its schema with --schema, or list it with its schema before"
        }
        Advice::ChangeOwnWork => {
            "remove the statement that does so from the SQL file or the code. The schema, its \
             history and the tenant's row are changed by this program only"
        }
        Advice::InsertTenantRow => {
            "insert the tenant's row into the application's table, in the same transaction or before"
        }
        Advice::DeleteTenantRow => {
            "delete the tenant's row from the application's table, in the same transaction or before"
        }
        Advice::ChooseListedSchema => {
            "if the schema that was its own is the right one, correct the tenant's schema in the \
             application's table"
        }
        Advice::RenameTenantRow => {
            "change the tenant's name in the application's table, in the same transaction or before"
        }
        Advice::FinishMigration => {
            "run the rest of that migration by hand, then record its version by adopting the \
             tenant with --at. Do not drop what may hold rows"
        }
        Advice::ListTenantAgain => {
            "if the tenant is to stay, list it again in the application's table"
        }
        Advice::CorrectList => "correct what the message names, and run it again",
        Advice::CorrectRow => "correct the name in the registry, or delete its row",
        Advice::AllowRegisteredName => {
            "allow the name by the pattern for tenant names, or rename the customer"
        }
        Advice::GiveSchema => "write the name of the tenant's schema into its row",
        Advice::GiveOwnSchema => "give each tenant its own schema in the list",
        Advice::CorrectTemplate => {
            "correct the template for schema names, or rename the schemas with ALTER SCHEMA to what \
             it gives"
        }
        Advice::ChooseTenantSchema => "choose the schema of a tenant",
        Advice::RenameSchema => {
            "rename the schema with ALTER SCHEMA, because its name can't be a tenant's"
        }
        _ => return None,
    })
}

fn of_schemas(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::MoveObjects => {
            "drop the objects, or move them to a schema that belongs to no tenant, such as the one \
             of --extensions-schema. Then run the command again"
        }
        Advice::RemoveDependents => {
            "change the objects so that they don't depend on the schema, or drop them. With \
             --with-dependents, dropping the tenant drops them, and the data in them"
        }
        Advice::DetachDependents => {
            "change the objects that depend on the schema so that they don't, or drop them. Then \
             run the command again"
        }
        Advice::LeaveSchema => "if the schema is not a tenant's, leave it as it is",
        Advice::NameAdoptedVersion => {
            "if it is a tenant's, give its version with --at, and repair the tenant afterwards"
        }
        Advice::CopyRows => {
            "create a tenant and copy the rows with `pg_dump --data-only`. Please report this \
             error. It should not happen"
        }
        Advice::RestoreTable => {
            "restore the table from a backup. If there is none, create it empty: a health check \
             then lists the tenants' schemas, and you adopt them one by one"
        }
        Advice::FixRegistryTrigger => {
            "change or disable the trigger or rule on the table in the message, and run the \
             command again"
        }
        Advice::RestoreBackup => "restore the schema from a backup",
        Advice::MoveForeignObjects => {
            "move the schema's objects to another schema, for example with ALTER TABLE ... SET \
             SCHEMA, and migrate the tenant. If the schema is not a tenant's, delete its row in \
             the registry"
        }
        Advice::ChooseAdoptedVersion => {
            "the schema doesn't show which of these versions it has. Find out from its rows which \
             migrations were applied, and give that version with --at"
        }
        Advice::MoveOthersObjects => {
            "if the schema is not needed, first move the objects that no migration creates to \
             another schema, for example with ALTER TABLE ... SET SCHEMA"
        }
        Advice::FixSchema => "change the schema by hand so that it matches a version",
        Advice::CompareByHand => {
            "compare it with another tenant, and change it by hand: no SQL is certain to be right"
        }
        Advice::UniteObjects => {
            "compare the two. Copy into one what only the other has, then give that one the name \
             that the migrations expect. Drop neither before"
        }
        Advice::RenameOther => {
            "rename the object that has the name, or change what differs first. Then repair the \
             tenant"
        }
        Advice::RunSqlByHand => "fix it by hand, with the SQL that a health check shows",
        Advice::FixRows => "change the rows that the message names, and run the command again",
        Advice::CorrectNamedRows => {
            "write the tenant's own name into these rows with UPDATE. A migration wrote the \
             spare's name there"
        }
        Advice::DoWithoutSpares => {
            "create tenants without spares, which takes as long as the migrations. Or write \
             migrations that don't store the name: a function can read it at run time from \
             TG_TABLE_SCHEMA or current_schema()"
        }
        Advice::AllowNameUses => {
            "if the migrations create the same under every name, give --allow-name-uses \
             when you create spares and tenants"
        }
        Advice::KeepWhatNameMade => {
            "the migrations use the schema's name, and may have created this under an earlier name \
             of the tenant or for the tenant that it was cloned from. Keep it, or compare it with \
             another tenant and change it by hand"
        }
        Advice::KeepRows => {
            "find out what is in it, and whether it belongs elsewhere: dropping it would lose that. \
             Once it is empty, the health check shows the SQL that drops it"
        }
        Advice::AllowScratchDatabase => {
            "let the role create a database (ALTER ROLE ... CREATEDB) and run the command again: \
             the migrations are tried there under the tenant's name"
        }
        Advice::ReadMessage => "fix what the message names",
        Advice::FindExisting => {
            "the object already exists: it was created by hand, or by a run whose record is lost"
        }
        _ => return None,
    })
}

fn of_migrations(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::FixMigration => {
            "fix the migration or the tenant's rows, and run the command again. It retries only \
             what failed"
        }
        Advice::FixFunction => {
            "fix the function that the message names, or disable its trigger, and run the command \
             again. It is not in the tenant's schema, and the migration may be right as it is"
        }
        Advice::GrantRole => {
            "grant USAGE and CREATE on the tenant's schema to the role that the migration \
             switches to, and what else the statement needs, or remove the SET ROLE"
        }
        Advice::ChangeTimeout => "change the statement_timeout that the migration itself sets",
        Advice::CreateOnce => {
            "create the object in a public migration. It belongs to the whole database, and each \
             tenant's run would create it again"
        }
        Advice::RemoveSearchPath => {
            "remove the SET search_path from the migration. The path is already set to the \
             tenant's schema"
        }
        Advice::NameSchema => {
            "if the shared object is meant, name its schema in the migration, or give its name \
             with --shared-object. Otherwise create the object in the tenant's schema first"
        }
        Advice::MoveToPublicMigration => {
            "move the statement to a public migration. It runs once for the database"
        }
        Advice::AddMigration => "write a migration that creates it for every tenant",
        Advice::AddChangingMigration => "write a migration that changes it for every tenant",
        Advice::NameExtensionsSchema => {
            "if that schema has the extensions and types that tenants share, name it with \
             --extensions-schema or TENANT_EXTENSIONS_SCHEMA"
        }
        Advice::AddRenamingMigration => "write a migration that renames it for every tenant",
        Advice::AddDownFiles => {
            "write a down.sql for each, or undo what they did with a new migration"
        }
        Advice::AllowChanges => "start the studio with --write to change rows",
        Advice::SelectTenants => "select at least one tenant, or all of them",
        Advice::CorrectFile => "make it a file of UTF-8 text that this user may read",
        Advice::CompleteDownFiles => {
            "complete the down.sql files, or fix what they leave with a new migration"
        }
        Advice::ReadDownFiles => {
            "fix the migration, if one failed. Otherwise read the down.sql files first. To find \
             out what is lost, the role must be able to create a schema, and a database if the \
             migrations don't fit in one transaction"
        }
        Advice::RestoreFile => {
            "restore the file as it was, and write the change as a new migration"
        }
        Advice::CompareTexts => {
            "read what changed in the migrations. If it is about one of these parts, check that \
             part of the tenants by hand"
        }
        Advice::UseOtherProgram => {
            "run the program that applied these migrations: give their folder with \
             --migrations-dir, or restore it"
        }
        Advice::AllowUnknownMigrations => {
            "give --allow-unknown-migrations if several programs are meant to migrate the tenant"
        }
        Advice::NameBaseline => {
            "name the baseline with --baseline. If it has several migrations, name the last one"
        }
        Advice::NameNewestReplaced => {
            "if the baseline replaces them too, name the newest of them with --through"
        }
        Advice::CorrectBaseline => {
            "if all tenants differ like this, correct the baseline; if it has several migrations, \
             name the last with --baseline"
        }
        Advice::RepairWithOldProgram => {
            "migrate and repair the tenant with the program that has the old migrations, then run \
             this again"
        }
        Advice::MigrateWithOldProgram => {
            "migrate the tenant with the program that has the old migrations, then run this again"
        }
        Advice::NameVersion => {
            "give a version, or the name of a migration's folder. 0 means before the first \
             migration"
        }
        Advice::RunOutsideTransaction => {
            "put `run_in_transaction = false` into a metadata.toml beside the migration's up.sql, \
             and nothing else into that migration"
        }
        Advice::AddValueOutsideTransaction => {
            "use the enum value in a later migration, over a direct connection: the run commits \
             between them. Behind a pooler, put `run_in_transaction = false` into a metadata.toml \
             beside the up.sql that adds it"
        }
        Advice::IgnoreIfIndependent => {
            "do nothing if the migrations don't depend on each other. Date new migrations today"
        }
        Advice::IgnoreIfMeant => {
            "do nothing if both are meant. PostgreSQL tells them apart only where the name is \
             quoted"
        }
        Advice::RecreateExtension => {
            "the extension can't be moved. Save the columns of its types, drop it, and create it in \
             a schema that belongs to no tenant"
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
             command again. Only a definition in which a migration has written the name as it is, \
             such as a default, needs no change: not an object with the name in its own, and not \
             another text made of it, such as a hash"
        }
        Advice::AllowNameInRows => {
            "give --allow-name-in-rows if no function works on the schema that a row names. Update \
             the rows of the clone afterwards"
        }
        Advice::AllowOtherProgram => {
            "give --allow-other-program if you mean the tenant of the other program"
        }
        Advice::UpdateRows => "update the rows if they are meant to have the tenant's name",
        _ => return None,
    })
}

fn of_the_server(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::WaitForOtherRun => "wait until the other run has ended, and run the command again",
        Advice::WaitLonger => {
            "wait until the other run has ended, and run the command again, or give --wait more \
             time"
        }
        Advice::WaitForLock => {
            "run the command again when the other session has released its lock on the table"
        }
        Advice::RunAgain => "run the command again. It finds out anew what to roll back",
        Advice::CheckAgain => {
            "run the command again, or let the role create a database (ALTER ROLE ... CREATEDB): \
             no other session waits for a trial run there"
        }
        Advice::AllowMoreTime => {
            "give --statement-timeout more time, or 0 for no limit, and run the command again"
        }
        Advice::FindCancellation => {
            "find out what canceled the statement: another session, or a time-out that the \
             migration or a function sets. Then run the command again"
        }
        Advice::SeeAllRows => {
            "use a role that sees all rows: ALTER ROLE ... BYPASSRLS, as a superuser"
        }
        Advice::AllowHiddenRows => {
            "write SET LOCAL row_security = on into the migration if only the visible rows are \
             meant, or NO FORCE ROW LEVEL SECURITY before the statement and FORCE after it"
        }
        Advice::GrantRight => {
            "use a role that has the right, or grant it. Creating tenants needs CREATE ON \
             DATABASE, and public migrations need CREATE ON SCHEMA public. Only the role that \
             owns a tenant's schema can change or drop it"
        }
        Advice::UseRoleThatMayCreate => {
            "run the check as a role with the right that PostgreSQL names: GRANT CREATE ON DATABASE to \
             create a schema, ALTER ROLE ... CREATEDB to create a database"
        }
        Advice::NameExistingSchema => {
            "create the schema that the message names, or correct the name. If it is the \
             tenant's own, Citus belongs to another role than yours and does not see it: give \
             --database-url the server's own address, and not a pooler's"
        }
        Advice::RaiseLockTable => {
            "raise max_locks_per_transaction in postgresql.conf and restart the server, or give a \
             smaller --jobs. The server's table of locks is full"
        }
        Advice::UseFewerConnections => {
            "close other connections, raise max_connections, or give a smaller --jobs"
        }
        Advice::FreeMemory => {
            "give the server more memory, or give a smaller --jobs, and run the command again"
        }
        Advice::FixForeignServer => {
            "start the foreign server that the statement reaches, or fix its address and its user \
             mapping, and run the command again"
        }
        Advice::FreeDisk => {
            "free space on the server's disk, and run the command again. It retries only what \
             failed"
        }
        _ => return None,
    })
}

fn of_clusters(advice: Advice) -> Option<&'static str> {
    Some(match advice {
        Advice::ReadClusterGuide => {
            "read \"On a Citus cluster\" in the guide, TENANT_SCHEMA_MIGRATION.md, which shows how to \
             get from one server to several"
        }
        Advice::NameAnotherNode => "name another server of the cluster",
        Advice::StartNode => {
            "start the server of the cluster that the message names, or fix the network between \
             it and the coordinator. Then run the command again. It retries only what failed"
        }
        Advice::IntroduceRole => {
            "make the role known to the cluster: on the coordinator, a superuser runs GRANT role TO \
             CURRENT_USER and then REVOKE role FROM CURRENT_USER, with the role's name. Citus does \
             not know roles that existed before its extension"
        }
        Advice::CopyReferenceTables => {
            "run SELECT replicate_reference_tables('block_writes') on the coordinator, and run the \
             command again. A server that was added later lacks the tables of public that tenants \
             refer to. Sessions that write to these wait until they are copied"
        }
        Advice::FreeReplication => {
            "wait until other moves have ended, or raise the setting in postgresql.conf of the \
             server that the message names, and restart it"
        }
        Advice::BlockWrites => {
            "give --block-writes. Sessions that write to the tenant then wait until it is moved"
        }
        Advice::AddPrimaryKeys => "add the primary keys with a migration",
        _ => return None,
    })
}
