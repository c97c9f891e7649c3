//! The schema, step by step. Steps are only ever added.

mod m0001_conversations;
mod m0002_durable_turns;
mod m0003_own_conversations;

use sea_orm_migration::prelude::*;

pub(crate) struct Migrator;

#[async_trait::async_trait]
impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_conversations::Migration),
            Box::new(m0002_durable_turns::Migration),
            Box::new(m0003_own_conversations::Migration),
        ]
    }

    /// A name of its own, so that two services may share one database.
    fn migration_table_name() -> DynIden {
        "chat_migrations".into_iden()
    }
}
