//! Which account a command is about.

use anyhow::{Context as _, ensure};
use chassis::process::Arguments;
use chassis::settings::Settings;

use crate::store::{Store, User};
use crate::usernames::Username;

/// Which account a command is about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Whom {
    Id(i64),
    Name(String),
}

impl Whom {
    /// Reads it from the arguments. Digits alone are a number, unless they are said to be a name.
    pub(super) fn read(arguments: &mut Arguments, settings: &mut Settings) -> Option<Self> {
        let is_name = arguments.flag("--name");
        let text = arguments.next(settings, "NAME|ID", "which account")?;
        if is_name || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(Self::Name(text));
        }
        let id = text.parse().ok();
        if id.is_none() {
            settings.problem("NAME|ID", "is no number of an account; of a name, add --name");
        }
        id.map(Self::Id)
    }

    /// The account, in whatever state it is.
    pub(super) async fn find(&self, store: &Store) -> anyhow::Result<User> {
        match self {
            Self::Id(id) => {
                let user = store.user_by_id(*id).await?;
                user.with_context(|| format!("there is no account {id}"))
            }
            Self::Name(name) => {
                let key = Username::look_up(name).map(|name| name.key);
                let user = match key {
                    Some(key) => store.user_by_key(key).await?,
                    None => None,
                };
                user.context("there is no account of this name")
            }
        }
    }

    /// The account, if it is not deleted.
    pub(super) async fn find_living(&self, store: &Store) -> anyhow::Result<User> {
        let user = self.find(store).await?;
        ensure!(user.deleted_at.is_none(), "account {} is deleted; nothing was changed", user.id);
        Ok(user)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> (Option<Whom>, Option<String>) {
        let mut settings = Settings::from_pairs([]);
        let mut words: Arguments = words.iter().map(|&word| word.to_owned()).collect();
        let whom = Whom::read(&mut words, &mut settings);
        (whom, settings.problems())
    }

    #[test]
    fn digits_alone_are_a_number_unless_they_are_said_to_be_a_name() {
        for (words, whom) in [
            (["7"].as_slice(), Whom::Id(7)),
            (&["7", "--name"], Whom::Name("7".into())),
            (&["--name", "ada"], Whom::Name("ada".into())),
            (&["7ada"], Whom::Name("7ada".into())),
            (&["+7"], Whom::Name("+7".into())),
            (&["٧"], Whom::Name("٧".into())),
        ] {
            assert_eq!(read(words), (Some(whom), None));
        }
        let (whom, problems) = read(&["99999999999999999999"]);
        assert!(whom.is_none() && problems.unwrap().contains("no number"));
        assert_eq!(read(&[]).1.as_deref(), Some("NAME|ID is missing: which account"));
    }
}
