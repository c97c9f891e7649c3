//! A look at whether a database is, as a whole, as it should be.

use std::path::Path;

use chassis::checkup::{Checkup, for_owner_alone};
use sea_orm_migration::MigratorTrait;

use crate::{Url, copies, steps};

/// Looks at the database of what is `kept` at `url`, and changes nothing: at its file, if it has one, and at its
/// schema. True if that is of this version: only then it is known where things are in it.
pub async fn check<M: MigratorTrait>(url: &Url, kept: &str, checkup: &mut Checkup) -> bool {
    if let Some(file) = url.file() {
        checkup.add(&format!("file of {kept}"), whole(url, &file).await, |()| {
            "for its owner alone, and whole".into()
        });
    }
    let schema = steps::must_be_complete::<M>(url).await;
    checkup.add(&format!("schema of {kept}"), schema, |()| "of this version".into()).is_some()
}

async fn whole(url: &Url, file: &Path) -> anyhow::Result<()> {
    for_owner_alone(&url.files())?;
    Ok(copies::examine(file).await?)
}
