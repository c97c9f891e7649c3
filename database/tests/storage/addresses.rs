//! Addresses as settings hold them.

use std::path::Path;

use chassis::settings::Settings;
use database::{Error, Url};

#[test]
fn an_address_that_names_nothing_to_open_is_refused() {
    let wrong = [
        "sqlite::memory:",
        "sqlite:a?mode=memory",
        "mysql://somewhere/x",
        "",
        "postgres://ada@host",
    ];
    for wrong in wrong {
        assert!(matches!(wrong.parse::<Url>(), Err(Error::Address(_))), "{wrong}");
    }
}

#[test]
fn a_file_may_have_any_name() {
    for name in ["./data/a.db", "/a%20b/wh?t/a#.db"] {
        assert_eq!(Url::of_file(Path::new(name)).file().unwrap(), Path::new(name));
    }
}

#[test]
fn a_password_is_never_shown() {
    let mut settings = Settings::from_pairs([
        ("NOTES_URL", "postgres://ada:canary1@host:5433/notes?statement-cache-capacity=0"),
        ("NOTES_PASSWORD", "canary2"),
    ]);
    let url = Url::read(&mut settings, "NOTES", "notes").unwrap();
    assert_eq!(url.to_string(), "postgres://ada@host:5433/notes");
    assert_eq!(format!("{url:?}"), "Url(postgres://ada@host:5433/notes)");
    assert!(settings.help().contains("NOTES_PASSWORD_FILE"));
}

#[test]
fn there_is_a_connection_for_those_who_read_and_one_for_those_who_write() {
    for (connections, is_right) in [("2", true), ("200", true), ("1", false), ("201", false)] {
        let mut settings = Settings::from_pairs([
            ("NOTES_URL", "postgres://ada@host/notes"),
            ("NOTES_CONNECTIONS", connections),
        ]);
        let url = Url::read(&mut settings, "NOTES", "notes");
        assert_eq!(url.is_some(), is_right, "{connections}");
        let problems = settings.problems().unwrap_or_default();
        assert_eq!(problems.contains("NOTES_CONNECTIONS must be from 2 to 200"), !is_right);
    }
}
