//! Reads a tenant for a file: everything as of one moment, in one transaction that changes nothing.

use std::io::Write;

use tenant_archive::{Definition, Manifest, Summary, Table};

use super::columns::tables;
use super::copy_out::copy_out;
use super::facts::{migrations, sequences, server};
use super::open::{let_others_go_on, open};
use super::outside::outside;
use super::pins::{pin, pinned};
use super::pipe::Pipe;
use crate::Error;
use crate::engine::attempt::Attempts;
use crate::engine::copy::hold_tables;
use crate::engine::rehearse::shape_of;
use crate::engine::script::Script;
use crate::engine::send::run_script;
use crate::engine::transaction::close;
use crate::engine::work::Work;
use crate::name::Schema;
use crate::report::ArchiveProgress;
use crate::shape::{FORMAT, Shape};

/// How often what was read may be out of date.
const LOOKS: usize = 3;

/// Writes the tenant of `work` to `file`. The file is complete when this returns.
///
/// # Errors
///
/// [`Error::Unknown`], [`Error::Untracked`], [`Error::MissingSchema`], [`Error::Busy`],
/// [`Error::Archive`], or what the server says.
pub(crate) async fn export<W: Write + Send + 'static>(
    work: Work<'_>,
    file: W,
    observe: &(dyn Fn(&ArchiveProgress<'_>) + Send + Sync),
) -> Result<(Manifest, W, Summary), Error> {
    let manifest = open_and_read(work).await?;
    let pipe = Pipe::new(file, manifest.clone());
    let done = rows(work, &manifest.tables, &pipe, observe).await;
    close(work).await;
    let written = match done {
        Ok(()) => pipe.finish().await,
        // The thread knows better why it takes no more rows.
        Err(error @ Error::Archive(_)) => match pipe.outcome().await {
            Ok(_) => Err(error),
            Err(why) => Err(why),
        },
        Err(error) => Err(error),
    };
    let (file, summary) = written?;
    Ok((manifest, file, summary))
}

/// Opens the transaction and reads everything but the rows.
async fn open_and_read(work: Work<'_>) -> Result<Manifest, Error> {
    let mut attempts = Attempts::new();
    let mut looks = 0;
    loop {
        open(work).await?;
        let read = match hold_tables(work).await {
            Ok(true) => read(work).await.map(Some),
            Ok(false) => Ok(None),
            Err(error) => Err(error),
        };
        match read {
            Ok(Some(manifest)) => return Ok(manifest),
            Ok(None) if looks < LOOKS => {
                looks += 1;
                close(work).await;
            }
            Ok(None) => {
                close(work).await;
                return Err(out_of_date(work));
            }
            Err(error) => {
                close(work).await;
                if !attempts.again_after(work, &error).await {
                    return Err(error);
                }
            }
        }
    }
}

fn out_of_date(work: Work<'_>) -> Error {
    Error::Busy {
        schema: work.schema.to_string(),
        waited: std::time::Duration::ZERO,
        holders: Vec::new(),
    }
}

async fn read(work: Work<'_>) -> Result<Manifest, Error> {
    let shape = shape_of(work).await?;
    let mut script = Script::default();
    script.step("set the search path", &work.path().set_local());
    pin(&mut script);
    run_script(work, &script).await?;
    let server = server(work).await?;
    let (tenant, schema) = match work.schema {
        Schema::Tenant(target) => (target.name.to_string(), target.schema.to_string()),
        other => (String::new(), other.schema_name().to_owned()),
    };
    let manifest = Manifest {
        program: concat!("tenant-core ", env!("CARGO_PKG_VERSION")).to_owned(),
        tenant,
        schema,
        exported_at: server.moment,
        server_version: server.version,
        server_encoding: server.encoding,
        settings: pinned(),
        migrations: migrations(work).await?,
        definition: definition(&shape),
        tables: tables(work).await?,
        sequences: sequences(work).await?,
        outside: outside(work).await?,
        ..Manifest::default()
    };
    let_others_go_on(work).await?;
    Ok(manifest)
}

/// Where the schema is called like something in it, PostgreSQL's text does not say which of the two
/// is meant, and another name would change it. Then there is no text.
fn definition(shape: &Shape) -> Definition {
    let text = (!shape.is_ambiguous()).then(|| shape.to_text()).flatten();
    Definition {
        form: text.as_ref().map(|_| FORMAT.to_owned()).unwrap_or_default(),
        fingerprint: shape.fingerprint(),
        text: text.unwrap_or_default(),
    }
}

async fn rows<W: Write + Send + 'static>(
    work: Work<'_>,
    tables: &[Table],
    pipe: &Pipe<W>,
    observe: &(dyn Fn(&ArchiveProgress<'_>) + Send + Sync),
) -> Result<(), Error> {
    let mut bytes = 0;
    for (number, table) in tables.iter().enumerate() {
        pipe.begin_table(number).await?;
        let tell = |bytes| {
            observe(&ArchiveProgress {
                table: &table.name,
                number: number + 1,
                tables: tables.len(),
                bytes,
            });
        };
        tell(bytes);
        let take = |chunk: bytes::Bytes| {
            bytes += chunk.len() as u64;
            tell(bytes);
            pipe.rows(chunk)
        };
        copy_out(work, table, take).await?;
        pipe.end_table().await?;
    }
    Ok(())
}
