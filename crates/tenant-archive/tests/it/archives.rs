//! Archives that are written, read, cut off and damaged.

use std::io::Cursor;
use std::process::Command;

use proptest::prelude::*;
use tenant_archive::{
    ArchiveError, Column, FORMAT, Manifest, Part, Reader, Summary, Table, TableSummary, Writer,
};

fn table(name: &str) -> Table {
    Table {
        schema: None,
        name: name.to_owned(),
        columns: vec![Column {
            name: "id".to_owned(),
            type_name: "integer".to_owned(),
        }],
    }
}

/// An archive with these rows in each table.
fn archive(tables: &[Vec<u8>]) -> (Vec<u8>, Summary) {
    let manifest = Manifest {
        tenant: "acme".to_owned(),
        tables: (0..tables.len())
            .map(|number| table(&format!("t{number}")))
            .collect(),
        ..Manifest::default()
    };
    let mut writer = Writer::new(Vec::new(), &manifest).unwrap();
    for (number, rows) in tables.iter().enumerate() {
        writer.begin_table(number).unwrap();
        for row in rows.split_inclusive(|byte| *byte == b'\n') {
            writer.write_rows(row).unwrap();
        }
        writer.end_table().unwrap();
    }
    writer.finish().unwrap()
}

/// What an archive contains, by table.
fn read(file: &[u8]) -> Result<Vec<(Vec<u8>, TableSummary)>, ArchiveError> {
    let mut reader = Reader::open(Cursor::new(file))?;
    let mut tables = Vec::new();
    let mut rows = Vec::new();
    while let Some(part) = reader.next_part()? {
        match part {
            Part::Table(number) => assert_eq!(number, tables.len()),
            Part::Rows(more) => rows.extend(more),
            Part::End(summary) => tables.push((std::mem::take(&mut rows), summary)),
        }
    }
    Ok(tables)
}

fn sample() -> (Vec<u8>, Summary) {
    let long = (0..200_000).map(|row| format!("{row}\tsome text\\n\n"));
    archive(&[
        b"1\n2\n".to_vec(),
        Vec::new(),
        long.collect::<String>().into_bytes(),
    ])
}

#[test]
fn rows_come_back_as_they_were_written() {
    let (file, summary) = sample();
    let tables = read(&file).unwrap();
    assert_eq!(summary.rows, 200_002);
    assert_eq!(tables[0].0, b"1\n2\n");
    assert_eq!(tables[1].0, b"");
    assert!(tables[2].0.ends_with(b"199999\tsome text\\n\n"));
    let read = tables.into_iter().map(|(_, summary)| summary);
    assert_eq!(read.collect::<Vec<_>>(), summary.tables);
}

#[test]
fn a_file_that_is_cut_off_anywhere_is_refused() {
    let (file, _) = archive(&[b"1\n2\n".to_vec(), b"3\n".to_vec()]);
    // The two empty blocks behind the end belong to tar, and contain nothing.
    for length in 0..file.len() - 1024 {
        let error = read(&file[..length]).unwrap_err();
        let is_told = matches!(error, ArchiveError::CutOff | ArchiveError::NotAnArchive);
        assert!(is_told, "{length}: {error}");
    }
}

#[test]
fn a_file_with_a_changed_byte_is_refused() {
    let (file, _) = archive(&[b"1\tabc\n2\tdef\n".to_vec()]);
    // The header of the last member says nothing but its name and its size.
    let (end, digest) = (file.len() - 2048, file.len() - 1536);
    for at in (0..end).chain(digest..digest + 64) {
        let mut changed = file.clone();
        changed[at] ^= 0x20;
        assert!(read(&changed).is_err(), "byte {at}");
    }
}

#[test]
fn another_file_is_no_archive() {
    for other in [
        &b""[..],
        b"PGDMP",
        &[0; 4096],
        b"--\n-- PostgreSQL database dump\n--\n",
    ] {
        let error = read(other).unwrap_err();
        assert!(matches!(error, ArchiveError::NotAnArchive), "{error}");
    }
}

#[test]
fn a_newer_format_is_refused_by_its_number() {
    let manifest = Manifest {
        format: FORMAT + 1,
        ..Manifest::default()
    };
    let (file, _) = Writer::new(Vec::new(), &manifest)
        .unwrap()
        .finish()
        .unwrap();
    let error = read(&file).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the archive has format 2, and this program reads format 1 or older"
    );
}

#[test]
fn equal_contents_are_an_equal_file() {
    assert_eq!(sample().0, sample().0);
}

#[test]
fn tar_and_zstd_read_the_file_without_this_program() {
    let folder = std::env::temp_dir().join(format!("tenant-archive-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("acme.tenant"), sample().0).unwrap();
    let tar = Command::new("tar")
        .args(["-xf", "acme.tenant"])
        .current_dir(&folder)
        .status();
    assert!(tar.unwrap().success());
    let part = std::fs::read(folder.join("data/0000/00000000.zst")).unwrap();
    let manifest = std::fs::read_to_string(folder.join("manifest.json")).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
    assert_eq!(zstd::decode_all(&part[..]).unwrap(), b"1\n2\n");
    assert!(manifest.contains(r#""tenant": "acme""#), "{manifest}");
}

proptest! {
    #[test]
    fn any_rows_come_back(tables in prop::collection::vec(
        prop::collection::vec("[a-z\\\\\t]{0,40}", 0..20), 0..4)
    ) {
        let tables = tables.iter().map(|rows| {
            let rows = rows.iter().map(|row| format!("{row}\n"));
            rows.collect::<String>().into_bytes()
        });
        let tables = tables.collect::<Vec<_>>();
        let read = read(&archive(&tables).0).unwrap();
        let read = read.into_iter().map(|(rows, _)| rows).collect::<Vec<_>>();
        prop_assert_eq!(read, tables);
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..3000)) {
        prop_assert!(read(&bytes).is_err());
    }
}
