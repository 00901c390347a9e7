//! x
use super::value::Value;
pub fn to_json(v: &Value) -> String {
    serde_json::to_string(v).unwrap()
}
pub fn to_json_pretty(v: &Value) -> String {
    serde_json::to_string_pretty(v).unwrap()
}
