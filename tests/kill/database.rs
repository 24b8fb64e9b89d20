//! What is in the database after everything, read without the server.

use sqlx::{Connection, Row};

/// A database of this test's own on the server that `GUICHET_TEST_POSTGRES` names. Without one: `None`, said aloud, or a failure
/// where the test command requires it.
pub(crate) async fn postgres(of: &str) -> Option<String> {
    let Ok(server) = std::env::var("GUICHET_TEST_POSTGRES") else {
        assert!(
            std::env::var("GUICHET_REQUIRE_POSTGRES").is_err(),
            "GUICHET_TEST_POSTGRES is not set although PostgreSQL is required"
        );
        println!("skipped: GUICHET_TEST_POSTGRES names no server; `cargo xtask test` starts one");
        return None;
    };
    let name = format!("guichet_kill_{of}_{}", std::process::id());
    let mut connection = sqlx::PgConnection::connect(&server).await.expect("the test server answers");
    sqlx::query(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .execute(&mut connection)
        .await
        .unwrap();
    let (head, _) = server.rsplit_once('/').expect("a URL with a database");
    Some(format!("{head}/{name}"))
}

async fn texts(database: &str, query: &'static str) -> Vec<String> {
    if database.starts_with("sqlite:") {
        let mut connection = sqlx::SqliteConnection::connect(database).await.unwrap();
        let whole: String =
            sqlx::query("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap().get(0);
        assert_eq!(whole, "ok");
        sqlx::query(query).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
    } else {
        let mut connection = sqlx::PgConnection::connect(database).await.unwrap();
        sqlx::query(query).fetch_all(&mut connection).await.unwrap().iter().map(|row| row.get(0)).collect()
    }
}

/// The provider's ids of every inbound message, repeats included.
pub(crate) async fn provider_ids(database: &str) -> Vec<String> {
    texts(database, "SELECT provider_id FROM messages WHERE direction = 'in'").await
}

/// The text of every outbound message.
pub(crate) async fn outbound_texts(database: &str) -> Vec<String> {
    texts(database, "SELECT text FROM messages WHERE direction = 'out'").await
}
