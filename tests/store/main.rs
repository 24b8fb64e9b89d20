//! What a store promises, as one suite that runs on every database: each case is written once against `dyn Store`.
//!
//! The `SQLite` half needs nothing. The `PostgreSQL` half needs `GUICHET_TEST_POSTGRES`, the address of a server on which it
//! may create databases; without it each case says that it was skipped, or fails when `GUICHET_REQUIRE_POSTGRES=1`.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::assigning_clones,
    reason = "a test that can't go on fails, and what it costs to make a row does not matter"
)]

mod broken;
mod cold;
mod contacts;
mod conversation;
mod dice;
mod events;
mod kill;
mod list;
mod measure;
mod plugins;
mod round_trip;
mod search;
mod testbed;
mod writer;

/// One test for each case and database.
macro_rules! on_each_database {
    ($($module:ident::$case:ident,)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                let testbed = super::testbed::Testbed::sqlite();
                super::$module::$case(&testbed).await;
            })*
        }
        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                if let Some(testbed) = super::testbed::Testbed::postgres().await {
                    super::$module::$case(&testbed).await;
                    testbed.remove().await;
                }
            })*
        }
    };
}

on_each_database! {
    plugins::what_plugins_keep_comes_back,
    plugins::the_log_is_read_whoever_it_is_for,
    round_trip::every_row_comes_back,
    round_trip::a_second_write_replaces,
    round_trip::nul_and_surrogates_pass,
    round_trip::five_hundred_rows,
    round_trip::a_start_reads_only_what_is_open,
    round_trip::what_is_taken_away_is_gone,
    round_trip::a_raw_delivery_is_kept_once,
    round_trip::what_expired_is_forgotten,
    round_trip::forgetting_takes_bounded_bites,
    cold::each_sort_of_key_finds_its_rows,
    cold::an_identity_brings_its_newest_work,
    cold::notes_and_decisions_are_bounded,
    cold::messages_come_in_pages,
    contacts::contacts_are_found_by_beginnings_of_their_words,
    contacts::a_search_for_contacts_looks_at_a_bounded_number,
    contacts::merged_contacts_and_past_work_are_found,
    conversation::a_contact_reads_its_own,
    conversation::a_contact_has_its_own_files,
    events::everybody_sees_their_own,
    events::pages_join_without_gap_or_overlap,
    events::bodies_are_as_they_are_now,
    events::a_call_looks_at_a_bounded_window,
    list::a_page_looks_at_a_bounded_number,
    search::what_is_stored_is_found,
    search::what_is_indexed_again_hides_nothing_else,
    search::everybody_finds_only_what_they_may_see,
    search::filters_and_pages,
    search::a_look_is_bounded,
    search::what_is_older_than_the_index_is_found_too,
    search::only_the_writer_indexes,
    writer::durability_is_on,
    writer::a_second_process_is_refused_at_once,
    writer::a_stale_epoch_is_fenced,
    writer::nothing_is_written_before_acquire_or_after_close,
    writer::a_failed_batch_leaves_nothing,
    writer::a_lost_connection_is_made_again,
    writer::an_abandoned_commit_is_whole_or_absent,
    writer::batches_count,
    writer::a_newer_schema_is_refused,
    kill::kill_nine_loses_nothing_acknowledged,
}

/// Forgets what expired and old events, and nothing else.
fn forget(expired: guichet::domain::Time, events: guichet::domain::Time) -> guichet::engine::Forget {
    let never = guichet::domain::Time(i64::MIN);
    guichet::engine::Forget { expired, events, decisions: never, audit: never, raw: never, content: None }
}
