//! Everything that can happen in a history, as a closed list with how often it does.

use crate::source::Source;

macro_rules! acts {
    ($($name:ident $weight:literal,)*) => {
        /// One thing that happens.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Act { $($name,)* }

        impl Act {
            pub(crate) const ALL: &'static [(Self, u64)] = &[$((Self::$name, $weight),)*];
        }
    };
}

acts! {
    // The contact and the provider.
    Write 130, WriteFile 20, WriteTwice 15, Repeat 20, ContactReacts 12, Edit 10, Revoke 8, NewAlias 8, Echo 8,
    Status 80, SendAnswered 130, Fetched 20, Raw 3, TemplatesRead 3, TemplatesChanged 2, ChannelNotice 2, MailAnswered 14, Translated 60,
    // Agents.
    Connect 40, Disconnect 12, SetState 30, Accept 90, Refuse 15, Pull 12, Reply 80, ReplyFile 15, ReplyTemplate 15,
    ReplyWrong 12, Flood 1, Retry 12, AgentReacts 10, MarkRead 12, Typing 6, SaveDraft 10, SetOutcome 60, Close 15,
    Detach 8, Note 10, Get 8, Why 6, Inbox 4, ListTemplates 3, Outbound 25, Upload 15, ReadFile 5, RequestAgain 12,
    SendTranscript 10, SetTranslation 12, Translate 10,
    // Administrators.
    SaveAgent 10, SaveSkill 4, SaveContact 8, Token 6, Login 6, List 3, NotAllowed 6,
    // The world around.
    WaitShort 60, WaitDeadline 70, WaitHours 12, WaitDays 4, NewScripts 12, Notice 2, CommitFails 6, Crash 6,
}

/// The next act, by weight.
pub(crate) fn next(source: &mut Source) -> Act {
    let total: u64 = Act::ALL.iter().map(|(_, weight)| weight).sum();
    let mut at = source.below(total);
    for (act, weight) in Act::ALL {
        if at < *weight {
            return *act;
        }
        at -= weight;
    }
    Act::WaitShort
}
