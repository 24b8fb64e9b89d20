//! `cargo xtask screenshots`: the pictures of the documentation, of the console as it is now, played with demo data.

use crate::run::{Done, Failure, run};
use crate::{install, test, web};

pub fn screenshots() -> Done {
    if !web::exists() {
        return Err(Failure::new("there is no web/package.json: nothing to take pictures of".to_owned()));
    }
    web::build()?;
    let chromium = install::chromium()?;
    let server = test::server()?;
    run(web::command(&["run", "--silent", "screenshots"])
        .env("GUICHET_CHROMIUM", chromium)
        .env("GUICHET_BIN", server))
}
