//! The server from outside: the whole process in one, on a port of its own, with real sockets and a temporary database.
//!
//! `desk` starts it, `client` is an agent's program, `provider` stands for Meta. A test belongs into the file named after
//! what a client would see.

#![expect(clippy::expect_used, clippy::panic, reason = "a test that can't go on fails")]
#![expect(clippy::indexing_slicing, reason = "frames are looked into by name; a missing part reads as null")]

mod board;
mod cards;
mod chat;
mod chat_limits;
mod client;
mod closing;
mod consult;
mod contacts;
mod convert;
mod desk;
mod directories;
mod drafts;
mod erase;
mod files;
mod frames;
mod golden;
mod logins;
mod main_job;
mod matrix;
mod notes_and_tags;
mod outbound;
mod outcomes;
mod oversight;
mod pages;
mod password;
mod plugins;
mod provider;
mod quick_replies;
mod refusals;
mod repeats;
mod reports;
mod resume;
mod roles;
mod scripts;
mod search;
mod slow;
mod smtp;
mod snooze;
mod stand_in;
mod supervise;
mod timers;
mod transcripts;
mod transfer;
mod translations;
mod translator;
mod visitor;
mod webhooks;
mod whole_day;
