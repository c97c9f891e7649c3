//! The commands `users …`: what an operator sees of accounts and does to them.
//!
//! They work on the database, beside a service that uses it or without one. A running service notices
//! within a second what has ended.

mod acts;
mod office;
mod table;
mod terminal;
mod whom;

use chassis::clock;
use chassis::process::{Arguments, Command, Work};
use chassis::settings::Settings;
use database::Url;

use self::acts::Secrets;
use self::whom::Whom;
use super::Place;
use crate::config::Config;

/// What may name an account.
const WHOM: &str = "NAME|ID [--name]";
/// Why an argument is one too many.
const NO_PASSWORDS: &str =
    "one account at a time; a password is never an argument, it is asked for";

/// Tells of all accounts.
#[must_use]
pub const fn list<P: Place>() -> Command {
    Command {
        name: "users list",
        usage: "[--after ID]",
        what: "accounts by their numbers, a hundred at a time; may run beside the service, as all of \
               these",
        read: |arguments, settings| {
            let (after, url) = (arguments.value(settings, "--after"), P::accounts(settings));
            let (after, url) = (after?.unwrap_or_default(), url?);
            Some(Box::pin(office::open(url, async move |store| {
                table::list(store, after, clock::now()).await
            })))
        },
    }
}

/// Tells of one account.
#[must_use]
pub const fn show<P: Place>() -> Command {
    Command {
        name: "users show",
        usage: WHOM,
        what: "an account, and what was done to it last. Digits alone are an ID, with --name a name, here \
               and below",
        read: |arguments, settings| {
            let (whom, url) = (Whom::read(arguments, settings), P::accounts(settings));
            let (whom, url) = (whom?, url?);
            Some(Box::pin(office::open(url, async move |store| {
                table::show(store, &whom.find(store).await?, clock::now()).await
            })))
        },
    }
}

/// Makes an account.
#[must_use]
pub const fn create<P: Place>() -> Command {
    Command {
        name: "users create",
        usage: "NAME",
        what: "makes an account. Its password is asked for, or is the first line of standard input",
        read: |arguments, settings| {
            let name = arguments.next(settings, "NAME", "what they log in with");
            let over = arguments.end(settings, NO_PASSWORDS);
            let secrets = secrets::<P>(settings);
            let (name, (url, secrets), ()) = (name?, secrets?, over?);
            Some(Box::pin(office::open(url, async move |store| {
                acts::create(store, &name, secrets).await
            })))
        },
    }
}

/// Gives an account another password.
#[must_use]
pub const fn set_password<P: Place>() -> Command {
    Command {
        name: "users set-password",
        usage: WHOM,
        what: "another password, asked for as in create; ends all logins of the account",
        read: |arguments, settings| {
            let whom = Whom::read(arguments, settings);
            let over = arguments.end(settings, NO_PASSWORDS);
            let secrets = secrets::<P>(settings);
            let (whom, (url, secrets), ()) = (whom?, secrets?, over?);
            Some(Box::pin(office::open(url, async move |store| {
                acts::set_password(store, &whom, secrets).await
            })))
        },
    }
}

/// Shuts an account out.
#[must_use]
pub const fn deactivate<P: Place>() -> Command {
    Command {
        name: "users deactivate",
        usage: WHOM,
        what: "shuts an account out and ends all its logins; what it wrote stays",
        read: |arguments, settings| set_active::<P>(arguments, settings, false),
    }
}

/// Lets an account in again.
#[must_use]
pub const fn activate<P: Place>() -> Command {
    Command {
        name: "users activate",
        usage: WHOM,
        what: "lets an account in again",
        read: |arguments, settings| set_active::<P>(arguments, settings, true),
    }
}

/// Deletes an account.
#[must_use]
pub const fn delete<P: Place>() -> Command {
    Command {
        name: "users delete",
        usage: "NAME|ID [--name] [--yes]",
        what: "deletes an account and all that it wrote, for good. Asks first, or is told --yes",
        read: |arguments, settings| {
            let is_sure = arguments.flag("--yes");
            let (whom, url) = (Whom::read(arguments, settings), P::accounts(settings));
            let (whom, url) = (whom?, url?);
            Some(Box::pin(office::open(url, async move |store| {
                acts::delete(store, &whom, is_sure).await
            })))
        },
    }
}

fn set_active<P: Place>(
    arguments: &mut Arguments,
    settings: &mut Settings,
    is_active: bool,
) -> Option<Work> {
    let (whom, url) = (Whom::read(arguments, settings), P::accounts(settings));
    let (whom, url) = (whom?, url?);
    Some(Box::pin(office::open(url, async move |store| {
        acts::set_active(store, &whom, is_active).await
    })))
}

/// Where the accounts are, and what their passwords are hashed with.
fn secrets<P: Place>(settings: &mut Settings) -> Option<(Url, Secrets)> {
    let (place, cost) = (P::accounts_and_keys(settings), Config::read_cost(settings));
    let ((url, keys), cost) = (place?, cost?);
    Some((url, Secrets { keys, cost }))
}
