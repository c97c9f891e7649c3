//! What is written together.

use futures_util::future::BoxFuture;
use sea_orm::DatabaseTransaction;

/// Something to write: whatever it does in the transaction it is given is kept whole, or not at all. On a
/// server it is done again, from its beginning, if it was undone for a reason that passes.
pub trait Job<T, E>:
    for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>> + Clone + Send + 'static
{
}

impl<T, E, F> Job<T, E> for F where
    F: for<'t> FnOnce(&'t DatabaseTransaction) -> BoxFuture<'t, Result<T, E>>
        + Clone
        + Send
        + 'static
{
}
