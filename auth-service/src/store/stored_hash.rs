//! The column of a stored password hash.

use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, QueryResult, TryGetError, TryGetable, Value};

/// A password hash as it is stored. What is no text reads as an empty one, which fits no password: of a
/// row that was tampered with, nobody who tries a password should hear more than that it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredHash(pub(crate) String);

impl From<StoredHash> for Value {
    fn from(hash: StoredHash) -> Self {
        hash.0.into()
    }
}

impl TryGetable for StoredHash {
    fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
        Ok(Self(String::try_get_by(row, index).unwrap_or_default()))
    }
}

impl ValueType for StoredHash {
    fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
        <String as ValueType>::try_from(value).map(Self)
    }

    fn type_name() -> String {
        String::type_name()
    }

    fn array_type() -> ArrayType {
        String::array_type()
    }

    fn column_type() -> ColumnType {
        String::column_type()
    }
}

impl Nullable for StoredHash {
    fn null() -> Value {
        String::null()
    }
}
