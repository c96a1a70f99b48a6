//! What opening a store checks.

use crate::{
    fixture::{Fixture, customer, decision, harbour, kek},
    log::decide,
    messages::{all, receive},
};
use store::{Kek, Location, OpenError, Options, Store, access};
use testkit::postgres::Postgres;

fn opened(fixture: &Fixture) -> Result<Store, OpenError> {
    Store::open(&fixture.location, kek(), Options::default())
}

pub async fn a_changed_migration_is_refused(fixture: Fixture) {
    fixture.open().close().await;
    fixture.tamper("UPDATE migration SET sha256 = 'other' WHERE id = 1");
    let Err(OpenError::ChangedMigration { id: 1, applied, here }) = opened(&fixture) else {
        panic!("a changed migration was accepted")
    };
    assert_eq!((applied.as_str(), here.len()), ("other", 64));
}

pub async fn an_unknown_migration_is_refused(fixture: Fixture) {
    fixture.open().close().await;
    fixture.tamper("INSERT INTO migration(id, sha256, at) VALUES(9999, 'x', 0)");
    assert!(matches!(opened(&fixture), Err(OpenError::UnknownMigration { id: 9999 })));
}

pub async fn another_key_is_refused(fixture: Fixture) {
    fixture.open().close().await;
    let other = Store::open(&fixture.location, Kek::new([43; 32]), Options::default());
    assert!(matches!(other, Err(OpenError::WrongKek)));
    fixture.open().close().await;
}

pub async fn what_was_stored_is_there_after_opening_again(fixture: Fixture) {
    let store = fixture.open();
    let customer = customer(&store).await;
    receive(&store, &customer, "a", "hello").await;
    decide(&store, vec![decision(&customer, true)]).await.unwrap();
    store.close().await;
    let again = fixture.open();
    assert_eq!(all(&again, &customer).await[0].body, b"hello");
    assert_eq!(again.read(|tx| access::size(tx, &harbour())).await, Ok::<_, store::DbError>(1));
}

#[tokio::test]
async fn a_sqlite_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let fixture = crate::fixture::sqlite();
    let store = fixture.open();
    customer(&store).await;
    let files = std::fs::read_dir(fixture.dir.as_ref().unwrap().path()).unwrap();
    let modes: Vec<u32> =
        files.map(|f| f.unwrap().metadata().unwrap().permissions().mode() & 0o777).collect();
    assert_eq!(modes, [0o600; 3], "the database, its write-ahead log and its index");
}

#[tokio::test]
async fn a_sqlite_file_in_no_directory_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let location = Location::Sqlite(dir.path().join("not/there.db"));
    assert!(matches!(Store::open(&location, kek(), Options::default()), Err(OpenError::File { .. })));
}

#[tokio::test]
async fn a_postgres_database_that_sorts_otherwise_is_refused() {
    let server = Postgres::shared().unwrap();
    let location = |name: &str| {
        Location::Postgres(format!(
            "host={} user=parlour dbname={name}",
            server.files().parent().unwrap().display()
        ))
    };
    server.sql("postgres", "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'").unwrap();
    let latin = Store::open(&location("latin"), kek(), Options::default());
    assert!(matches!(latin, Err(OpenError::Setting { name: "server_encoding", .. })), "{latin:?}");
    let words = "CREATE DATABASE words TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'";
    server.sql("postgres", words).unwrap();
    let words = Store::open(&location("words"), kek(), Options::default());
    assert!(matches!(words, Err(OpenError::Setting { name: "locale", .. })), "{words:?}");
}

#[tokio::test]
async fn a_postgres_that_is_not_there_or_not_described_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let nobody = Location::Postgres(format!("host={} user=parlour", dir.path().display()));
    assert!(matches!(Store::open(&nobody, kek(), Options::default()), Err(OpenError::Database(_))));
    let nonsense = Location::Postgres("colour=blue".to_owned());
    assert!(matches!(Store::open(&nonsense, kek(), Options::default()), Err(OpenError::Location(_))));
    assert!(!format!("{:?}", Location::Postgres("password=secret".to_owned())).contains("secret"));
}
