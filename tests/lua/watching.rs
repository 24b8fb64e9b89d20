//! Scripts are saved in every way that editors, deployments and containers know, and each save is noticed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use guichet::domain::Target;
use guichet::engine::Policy;
use guichet::lua::{Change, Found, Host, Watch, Watching, follow, read_folder, watch};

use crate::desk::{NOON, facts, patient};

/// Far longer than needed: a save that is not noticed fails the test, a slow machine does not.
const PATIENCE: Duration = Duration::from_secs(20);

struct Desk {
    heard: Receiver<Found>,
    watch: Watch,
}

fn begin(dir: &Path, watching: Watching) -> Desk {
    let (tell, heard) = channel();
    let watch = watch(dir, read_folder(dir), watching, move |found| tell.send(found).unwrap()).unwrap();
    Desk { heard, watch }
}

impl Desk {
    /// Waits until the folder was found with this text in `routing.lua`; what is half written may be heard before.
    fn expect(&self, text: &str) {
        loop {
            let found =
                self.heard.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("`{text}` was not noticed"));
            let now = found.ok().and_then(|set| set.files.get("scripts/routing.lua").cloned());
            if now.as_deref() == Some(text) {
                return;
            }
        }
    }
}

fn folder() -> (tempfile::TempDir, std::path::PathBuf) {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("scripts");
    fs::create_dir_all(dir.join("tests")).unwrap();
    fs::write(dir.join("routing.lua"), "first").unwrap();
    (above, dir)
}

#[test]
fn every_way_of_saving_is_noticed_again_and_again() {
    let (_above, dir) = folder();
    let desk = begin(&dir, Watching::Events);
    let file = dir.join("routing.lua");
    for round in 0..3 {
        let text = format!("in place {round}");
        fs::write(&file, &text).unwrap();
        desk.expect(&text);

        let text = format!("renamed onto {round}");
        fs::write(dir.join(".routing.lua.tmp"), &text).unwrap();
        fs::rename(dir.join(".routing.lua.tmp"), &file).unwrap();
        desk.expect(&text);

        // As vim does: a probe, the old one away, a new one, the old one gone.
        let text = format!("vim {round}");
        fs::write(dir.join("4913"), "").unwrap();
        fs::remove_file(dir.join("4913")).unwrap();
        fs::rename(&file, dir.join("routing.lua~")).unwrap();
        fs::write(&file, &text).unwrap();
        fs::remove_file(dir.join("routing.lua~")).unwrap();
        desk.expect(&text);
    }
}

#[test]
fn files_in_folders_and_new_folders_are_noticed() {
    let (_above, dir) = folder();
    let desk = begin(&dir, Watching::Events);
    for name in ["tests/a.lua", "lib/words.lua", "lib/deep/er.lua"] {
        fs::create_dir_all(dir.join(name).parent().unwrap()).unwrap();
        fs::write(dir.join(name), "x").unwrap();
        let key = format!("scripts/{name}");
        while !desk.heard.recv_timeout(PATIENCE).unwrap().is_ok_and(|set| set.files.contains_key(&key)) {}
    }
    fs::remove_dir_all(dir.join("lib")).unwrap();
    while desk
        .heard
        .recv_timeout(PATIENCE)
        .unwrap()
        .is_ok_and(|set| set.files.contains_key("scripts/lib/words.lua"))
    {}
}

/// As a container's mounted configuration: `routing.lua` → `..data/routing.lua`, `..data` → a folder with a date.
#[test]
fn a_mounted_configuration_is_noticed_at_each_swap() {
    let (_above, dir) = folder();
    fs::remove_file(dir.join("routing.lua")).unwrap();
    let swap = |round: usize, text: &str| {
        let real = format!("..2026_{round}");
        fs::create_dir(dir.join(&real)).unwrap();
        fs::write(dir.join(&real).join("routing.lua"), text).unwrap();
        symlink(&real, dir.join("..data_tmp")).unwrap();
        fs::rename(dir.join("..data_tmp"), dir.join("..data")).unwrap();
    };
    swap(0, "mounted");
    symlink("..data/routing.lua", dir.join("routing.lua")).unwrap();
    let desk = begin(&dir, Watching::Events);
    for round in 1..4 {
        let text = format!("mounted {round}");
        swap(round, &text);
        fs::remove_dir_all(dir.join(format!("..2026_{}", round - 1))).unwrap();
        desk.expect(&text);
    }
}

#[test]
fn the_folder_itself_may_be_replaced_or_be_a_link() {
    let (above, dir) = folder();
    let desk = begin(&dir, Watching::Events);
    fs::rename(&dir, above.path().join("old")).unwrap();
    assert!(desk.heard.recv_timeout(PATIENCE).unwrap().is_err(), "a folder that is gone is told");
    fs::create_dir(&dir).unwrap();
    fs::write(dir.join("routing.lua"), "new folder").unwrap();
    desk.expect("new folder");
    fs::write(dir.join("routing.lua"), "in the new folder").unwrap();
    desk.expect("in the new folder");

    let link = above.path().join("current");
    for version in ["v1", "v2", "v3"] {
        fs::create_dir(above.path().join(version)).unwrap();
        fs::write(above.path().join(version).join("routing.lua"), version).unwrap();
    }
    symlink("v1", &link).unwrap();
    let desk = begin(&link, Watching::Events);
    for version in ["v2", "v3"] {
        symlink(version, above.path().join("next")).unwrap();
        fs::rename(above.path().join("next"), &link).unwrap();
        desk.expect(version);
    }
    fs::write(above.path().join("v3/routing.lua"), "behind the link").unwrap();
    desk.expect("behind the link");
}

#[test]
fn touching_without_changing_is_no_news() {
    let (_above, dir) = folder();
    let desk = begin(&dir, Watching::Events);
    fs::write(dir.join("routing.lua"), "first").unwrap();
    fs::write(dir.join(".routing.lua.swp"), "x").unwrap();
    fs::write(dir.join("README.md"), "x").unwrap();
    desk.watch.look();
    fs::write(dir.join("routing.lua"), "second").unwrap();
    // Nothing may come before the second text but the emptiness of a file that is being written.
    desk.expect("second");
    drop(desk.watch);
    assert!(desk.heard.try_recv().is_err());
}

#[test]
fn a_folder_that_tells_nothing_is_read_every_two_seconds() {
    let (_above, dir) = folder();
    let desk = begin(&dir, Watching::Poll);
    fs::write(dir.join("routing.lua"), "polled").unwrap();
    desk.expect("polled");
}

#[test]
fn a_save_goes_live_and_a_broken_one_does_not() {
    let (_above, dir) = folder();
    let script = |skill: &str| {
        format!("return routing {{\n version = 1,\n route = function() return to.skill('{skill}') end }}")
    };
    let file = dir.join("routing.lua");
    fs::write(&file, script("first")).unwrap();
    let set = read_folder(&dir).unwrap();
    let host = Host::start(set.clone(), 7, patient(), Box::new(|_| {})).unwrap();
    let (tell, heard) = channel();
    let told = move |change| tell.send(change).unwrap();
    let _watch = follow(std::sync::Arc::clone(&host), &dir, Ok(set), Watching::Events, told).unwrap();
    let live = |skill: &str| {
        let target = host.route(&facts(), NOON).answer.unwrap().target;
        target == Target::Skill { skill: skill.parse().unwrap(), level: 1 }
    };
    // Renamed onto the old one, so that nothing half written is seen.
    let save = |text: &str| {
        fs::write(dir.join("next"), text).unwrap();
        fs::rename(dir.join("next"), &file).unwrap();
        heard.recv_timeout(PATIENCE).unwrap()
    };
    assert_eq!(save(&script("second")), Change::Live { generation: 8 });
    assert!(live("second"));
    let Change::Refused { errors } = save("return routing {\n version = 1,\n route = }") else { panic!() };
    assert_eq!((errors[0].file.as_str(), errors[0].line), ("scripts/routing.lua", 3));
    assert!(live("second"));
    assert_eq!(save(&script("third")), Change::Live { generation: 9 });
    assert!(live("third"));
}
