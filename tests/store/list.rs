//! Lists of what has ended, a page at a time.

use std::sync::Arc;

use guichet::domain::{InteractionId, SkillId, Time};
use guichet::engine::{Batch, Filter};

use super::dice::Dice;
use super::testbed::Testbed;

/// How many rows one page looks at.
const LOOK: i64 = 10_000;

pub(crate) async fn a_page_looks_at_a_bounded_number(testbed: &Testbed) {
    let store = testbed.open().await;
    let mut row = Dice::new(4).interaction(1);
    (row.ended_at, row.skill) = (Some(Time(1)), "common".parse().ok());
    let rare: Option<SkillId> = "rare".parse().ok();
    let mut batch = Batch { number: 1, next_id: LOOK + 10, ..Batch::default() };
    for id in 1..=LOOK + 1 {
        row.interaction_id = InteractionId(id);
        // The oldest is what is looked for.
        let skill = if id == 1 { rare.clone() } else { row.skill.clone() };
        batch.rows.interactions.push(Arc::new(guichet::domain::Interaction { skill, ..row.clone() }));
    }
    store.commit(Arc::new(batch)).await.unwrap();
    let filter = Filter { ended: true, skill: rare, limit: 10, ..Filter::default() };
    let first = store.ended(filter.clone()).await.unwrap();
    assert_eq!((first.interactions.len(), first.next), (0, Some(InteractionId(2))));
    let second = store.ended(Filter { before: first.next, ..filter }).await.unwrap();
    let found: Vec<_> = second.interactions.iter().map(|(row, _)| row.interaction_id).collect();
    assert_eq!((found, second.next), (vec![InteractionId(1)], None));
}
