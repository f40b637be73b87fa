//! A server that runs out of room.

use std::os::unix::fs::{MetadataExt, chown};
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use tenant_core::{Settings, Status};
use test_support::{own_server, say_not_run};

use crate::fixture::{migrate, name, open_at, two_steps};

/// A disk in memory, of so many MB. Only root can make one.
struct Disk {
    folder: TempDir,
}

impl Disk {
    /// `None` where this user may not mount anything.
    fn new(size: usize) -> Option<Self> {
        let folder = tempfile::tempdir_in("/tmp").unwrap();
        let options = format!("size={size}m,mode=0777");
        let disk = Self { folder };
        mount(&["-t", "tmpfs", "-o", &options, "tmpfs"], disk.path()).then_some(disk)
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// A folder on it that belongs to whoever owns `example`.
    fn folder_like(&self, example: &Path) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(self.folder.path(), open).unwrap();
        let folder = self.path().join("space");
        std::fs::create_dir(&folder).unwrap();
        let owner = std::fs::metadata(example).unwrap();
        chown(&folder, Some(owner.uid()), Some(owner.gid())).unwrap();
        folder
    }

    fn grow(&self, size: usize) {
        let options = format!("remount,size={size}m");
        assert!(mount(&["-o", &options], self.path()));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).status());
    }
}

fn mount(arguments: &[&str], folder: &Path) -> bool {
    let done = Command::new("mount").args(arguments).arg(folder).output();
    done.is_ok_and(|done| done.status.success())
}

#[tokio::test]
async fn a_full_disk_fails_its_tenants_and_what_is_there_is_whole() {
    let Some(disk) = Disk::new(16) else {
        say_not_run("a disk that fills up takes the right to mount one");
        return;
    };
    let server = own_server().start().unwrap();
    let space = disk.folder_like(server.data_dir());
    let (admin, connection) =
        tokio_postgres::connect(&server.url("postgres"), tokio_postgres::NoTls)
            .await
            .unwrap();
    drop(tokio::spawn(connection));
    let tablespace = format!("CREATE TABLESPACE small LOCATION '{}'", space.display());
    admin.batch_execute(&tablespace).await.unwrap();
    admin
        .batch_execute("CREATE DATABASE small TABLESPACE small")
        .await
        .unwrap();

    let url = server.url("small");
    let tenants = open_at(&url, &two_steps(), Settings::default()).await;
    tenants.migrate_public().await.unwrap();
    let names = (0..40)
        .map(|number| name(&format!("t{number:02}")))
        .collect::<Vec<_>>();
    let filling = two_steps()
        .with("CREATE TABLE filling AS SELECT repeat('x', 900) FROM generate_series(1, 400);");
    let larger = open_at(&url, &filling, Settings::default()).await;
    let report = larger.create_many(names.clone()).await.unwrap();
    let (made, failed) = (report.count(Status::Created), report.count(Status::Failed));
    assert!(
        made > 0 && failed > 0 && made + failed == 40,
        "{made} {failed}"
    );
    for (_, error) in report.failures() {
        assert_eq!(error.sqlstate(), Some("53100"), "{error}");
    }

    disk.grow(128);
    let listed = larger.list().await.unwrap();
    assert_eq!(listed.len(), made);
    assert!(
        listed.iter().all(|tenant| tenant.pending == Some(0)),
        "{listed:?}"
    );
    assert_eq!(larger.health().await.unwrap().problems.len(), 0);
    let again = larger.create_many(names).await.unwrap();
    assert_eq!(again.count(Status::Created), failed);
    assert_eq!(migrate(&larger).await.count(Status::UpToDate), 40);
    // The tablespace goes before the disk does.
    drop((tenants, larger, admin, server));
}
