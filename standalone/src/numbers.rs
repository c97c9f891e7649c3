//! Whether accounts and conversations belong together. Conversations name people by their numbers: accounts that give
//! a number anew would give somebody's conversations away with it.

use anyhow::ensure;
use auth_service::restoration;
use database::Url;

/// The numbers of people.
pub(crate) struct Numbers {
    /// The highest of those of whom anything is kept in conversations; 0 if there is nobody.
    kept: i64,
    /// The last that was given to an account; 0 if none was.
    given: i64,
}

impl Numbers {
    /// Looks at both databases, which are of this version. Accounts that are not there, or an empty file, have given
    /// none.
    ///
    /// # Errors
    /// When one cannot be read.
    pub(crate) async fn read(accounts: &Url, conversations: &Url) -> anyhow::Result<Self> {
        // First who is named: whoever registers meanwhile has said nothing yet.
        let kept = chat_service::census(conversations).await?.highest;
        let is_there =
            accounts.file().is_none_or(|file| file.metadata().is_ok_and(|it| it.len() > 0));
        let given = if is_there { restoration::census(accounts).await?.last_given } else { 0 };
        Ok(Self { kept, given })
    }

    /// Makes sure that nobody who registers gets the number of somebody of whom anything is kept.
    ///
    /// # Errors
    /// When they may.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let Self { kept, given } = self;
        ensure!(
            kept <= given,
            "these accounts are not those of these conversations, which are of people up to number {kept}: accounts \
             end at {given}, and who registers next would have somebody else's conversations. Put back the \
             accounts, or restore a backup (ai-buddy restore); if they are gone for good, ai-buddy migrate and then \
             ai-buddy restored see to it that no number is given again"
        );
        Ok(())
    }
}
