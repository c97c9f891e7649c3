//! The schema, step by step. Steps are only ever added.

mod m0001_users;
mod m0002_registrations;
mod m0003_logins;
mod m0004_deletions;
mod m0005_places;

use sea_orm_migration::prelude::*;

pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_users::Migration),
            Box::new(m0002_registrations::Migration),
            Box::new(m0003_logins::Migration),
            Box::new(m0004_deletions::Migration),
            Box::new(m0005_places::Migration),
        ]
    }

    /// A name of its own, so that two services may share one database.
    fn migration_table_name() -> DynIden {
        "auth_migrations".into_iden()
    }
}
