//! The words around the messages of a transcript, in the languages that it is written in.

/// The words of one language.
pub(super) struct Words {
    pub(super) code: &'static str,
    pub(super) subject: &'static str,
    pub(super) opening: &'static str,
    pub(super) shortened: &'static str,
    pub(super) contact: &'static str,
    pub(super) agent: &'static str,
    pub(super) link: &'static str,
    pub(super) picture: &'static str,
    pub(super) omitted: &'static str,
    pub(super) deleted: &'static str,
}

const FRENCH: Words = Words {
    code: "fr",
    subject: "Transcription de votre conversation",
    opening: "Voici la transcription de votre conversation. Les heures sont en temps universel (UTC).",
    shortened: "[messages plus anciens non inclus]",
    contact: "Client",
    agent: "Conseiller",
    link: "[lien]",
    picture: "[image]",
    omitted: "[pièce jointe non incluse]",
    deleted: "[message supprimé]",
};

const ENGLISH: Words = Words {
    code: "en",
    subject: "Transcript of your conversation",
    opening: "Here is the transcript of your conversation. Times are universal time (UTC).",
    shortened: "[older messages not included]",
    contact: "Customer",
    agent: "Agent",
    link: "[link]",
    picture: "[picture]",
    omitted: "[attachment not included]",
    deleted: "[message deleted]",
};

/// The words for a language; English where there are none.
pub(super) fn of(language: &str) -> &'static Words {
    let code = language.split(['-', '_']).next().unwrap_or_default();
    if code.eq_ignore_ascii_case("fr") { &FRENCH } else { &ENGLISH }
}
