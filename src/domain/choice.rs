//! What a contact may choose among: buttons or a list where the channel has them, and the one question of a survey.

use serde::{Deserialize, Serialize};

use super::{AgentId, MessageId, Time};

/// Something that a contact may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Choice {
    /// By what it is known to whoever asks.
    pub id: String,
    /// What the contact reads.
    pub title: String,
}

/// A question to a contact whose work is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Survey {
    /// The bot that asked.
    pub by: AgentId,
    /// Until when an answer is one.
    pub until: Time,
    /// Among what the contact chooses; anything else is no answer.
    pub choices: Vec<Choice>,
    /// The answer.
    pub answer: Option<MessageId>,
}

impl Survey {
    /// Which choice a text stands for: its title, its id or its number.
    pub fn chosen(&self, text: &str) -> Option<&Choice> {
        let text = text.trim().to_lowercase();
        let number = text.parse::<usize>().ok().and_then(|number| self.choices.get(number.checked_sub(1)?));
        let named =
            |choice: &&Choice| choice.title.to_lowercase() == text || choice.id.to_lowercase() == text;
        self.choices.iter().find(named).or(number)
    }

    /// Whether a text is an answer.
    pub fn is_answer(&self, text: &str) -> bool {
        self.chosen(text).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_a_title_an_id_or_a_number() {
        let choice = |id: &str, title: &str| Choice { id: id.to_owned(), title: title.to_owned() };
        let survey = Survey {
            by: AgentId(1),
            until: Time(0),
            choices: vec![choice("good", "Très bien"), choice("bad", "2")],
            answer: None,
        };
        for (text, chosen) in [
            ("très BIEN ", Some("good")),
            ("good", Some("good")),
            ("1", Some("good")),
            ("2", Some("bad")),
            ("3", None),
            ("0", None),
            ("", None),
            ("very well, thank you", None),
        ] {
            assert_eq!(survey.chosen(text).map(|choice| choice.id.as_str()), chosen, "{text}");
        }
    }
}
