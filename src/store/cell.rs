//! One cell from one field, for a database that takes a row's cells singly: a number, a text, nothing; JSON for what is
//! nested.

use std::borrow::Cow;
use std::fmt::{self, Display};

use serde::Serialize;
use serde::ser::{Impossible, Serializer};

use super::encode::json;

/// Takes a row's cells, one after the other.
pub(super) trait Cell {
    /// A number, or yes (1) and no (0).
    fn int(&mut self, value: i64);
    /// A text.
    fn text(&mut self, value: &str);
    /// Nothing.
    fn null(&mut self);
}

/// Puts a field into its cell. `room` is for the JSON of nested ones.
pub(super) fn put<T: Serialize + ?Sized>(
    value: &T,
    cell: &mut dyn Cell,
    room: &mut Vec<u8>,
) -> Result<(), String> {
    match value.serialize(One(cell)) {
        Ok(()) => Ok(()),
        Err(NotOne::Nested) => {
            room.clear();
            json(value, room)?;
            cell.text(std::str::from_utf8(room).map_err(|error| error.to_string())?);
            Ok(())
        }
        Err(NotOne::Wrong(problem)) => Err(problem),
    }
}

/// Serialises what fits one cell.
struct One<'a>(&'a mut dyn Cell);

/// Why a value does not go into a cell as it is.
#[derive(Debug)]
enum NotOne {
    /// It has parts.
    Nested,
    /// It can't be stored at all.
    Wrong(String),
}

impl Display for NotOne {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nested => f.write_str("a value with parts"),
            Self::Wrong(problem) => f.write_str(problem),
        }
    }
}

impl std::error::Error for NotOne {}

impl serde::ser::Error for NotOne {
    fn custom<T: Display>(problem: T) -> Self {
        Self::Wrong(problem.to_string())
    }
}

/// U+0000 becomes U+FFFD, as in JSON: the edges replace it already, and shells and backups would end a text there.
fn clean(text: &str) -> Cow<'_, str> {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}").into() } else { text.into() }
}

type Parts = Impossible<(), NotOne>;
type Done = Result<(), NotOne>;

macro_rules! ints {
    ($($method:ident $of:ty)*) => {$(
        fn $method(self, value: $of) -> Done {
            self.0.int(value.into());
            Ok(())
        }
    )*};
}

macro_rules! nested {
    ($($method:ident($($argument:ty),*) -> $of:ty;)*) => {$(
        fn $method(self, $(_: $argument),*) -> Result<$of, NotOne> {
            Err(NotOne::Nested)
        }
    )*};
}

impl Serializer for One<'_> {
    type Ok = ();
    type Error = NotOne;
    type SerializeSeq = Parts;
    type SerializeTuple = Parts;
    type SerializeTupleStruct = Parts;
    type SerializeTupleVariant = Parts;
    type SerializeMap = Parts;
    type SerializeStruct = Parts;
    type SerializeStructVariant = Parts;

    ints!(serialize_bool bool serialize_i8 i8 serialize_i16 i16 serialize_i32 i32 serialize_i64 i64
        serialize_u8 u8 serialize_u16 u16 serialize_u32 u32);

    fn serialize_u64(self, value: u64) -> Done {
        let value = i64::try_from(value).map_err(|error| NotOne::Wrong(error.to_string()))?;
        self.serialize_i64(value)
    }

    fn serialize_str(self, value: &str) -> Done {
        self.0.text(&clean(value));
        Ok(())
    }

    fn serialize_char(self, value: char) -> Done {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_none(self) -> Done {
        self.0.null();
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Done {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _: &'static str) -> Done {
        self.serialize_none()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Done {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Done {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Done {
        Err(NotOne::Nested)
    }

    nested! {
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_seq(Option<usize>) -> Parts;
        serialize_tuple(usize) -> Parts;
        serialize_tuple_struct(&'static str, usize) -> Parts;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Parts;
        serialize_map(Option<usize>) -> Parts;
        serialize_struct(&'static str, usize) -> Parts;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Parts;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Taken(Vec<String>);

    impl Cell for Taken {
        fn int(&mut self, value: i64) {
            self.0.push(value.to_string());
        }
        fn text(&mut self, value: &str) {
            self.0.push(format!("{value:?}"));
        }
        fn null(&mut self) {
            self.0.push("NULL".to_owned());
        }
    }

    #[derive(Serialize)]
    #[serde(rename_all = "snake_case")]
    enum Word {
        PlainWord,
        With(u8),
    }

    #[test]
    fn what_has_no_parts_is_a_cell_as_it_is_and_the_rest_is_json() {
        let mut taken = Taken::default();
        let mut room = Vec::new();
        let mut put = |value: &dyn erased::Value| value.put(&mut taken, &mut room);
        put(&7_i64).unwrap();
        put(&Some(true)).unwrap();
        put(&None::<i64>).unwrap();
        put(&"a\0b").unwrap();
        put(&Word::PlainWord).unwrap();
        put(&Word::With(1)).unwrap();
        put(&[1, 2]).unwrap();
        put(&Some(("x\0", 1.5))).unwrap();
        assert!(put(&u64::MAX).is_err());
        let expected =
            ["7", "1", "NULL", "\"a\u{fffd}b\"", r#""plain_word""#, r#""{\"with\":1}""#, r#""[1,2]""#];
        assert_eq!(taken.0[..7], expected);
        assert_eq!(taken.0[7], format!("{:?}", "[\"x\u{FFFD}\",1.5]"));
    }

    /// `Serialize` can't be an object.
    mod erased {
        use super::{Cell, Serialize};

        pub(super) trait Value {
            fn put(&self, cell: &mut dyn Cell, room: &mut Vec<u8>) -> Result<(), String>;
        }

        impl<T: Serialize> Value for T {
            fn put(&self, cell: &mut dyn Cell, room: &mut Vec<u8>) -> Result<(), String> {
                super::put(self, cell, room)
            }
        }
    }
}
