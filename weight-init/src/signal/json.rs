//! The estimate as JSON.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Alert, Point, Signal};

impl Serialize for Signal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("sensitivity", &self.sensitivity)?;
        map.serialize_entry("warnings", &self.alerts)?;
        map.serialize_entry("notes", &self.notes)?;
        map.serialize_entry("points", &self.points)?;
        map.end()
    }
}

impl Serialize for Alert {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("kind", self.kind.name())?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("number", &self.number)?;
        map.serialize_entry("message", &self.to_string())?;
        map.end()
    }
}

impl Serialize for Point {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(6))?;
        map.serialize_entry("path", &self.path)?;
        map.serialize_entry("what", &self.what)?;
        map.serialize_entry("activation", &self.activation)?;
        map.serialize_entry("difference", &self.difference)?;
        map.serialize_entry("gradient", &self.gradient)?;
        map.serialize_entry("main_path", &self.is_on_main_path)?;
        map.end()
    }
}
