//! Comma-separated values (RFC 4180) that a spreadsheet opens without running anything of them.

/// Adds a row. A cell that a spreadsheet would take for a formula gets an apostrophe in front: whoever wrote it was a
/// contact, or anybody.
pub(crate) fn row<'a>(out: &mut String, cells: impl IntoIterator<Item = &'a str>) {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        out.push('"');
        // Numbers of our own with a minus are not written; so a sign at the front is somebody's text.
        if cell.trim_start().starts_with(['=', '+', '-', '@']) || cell.starts_with(['\t', '\r', '\n']) {
            out.push('\'');
        }
        out.push_str(&cell.replace('"', "\"\""));
        out.push('"');
    }
    out.push_str("\r\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula_and_none_leaves_its_place() {
        for (cell, expected) in [
            ("plain", "\"plain\""),
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("two\nlines", "\"two\nlines\""),
            ("=1+1", "\"'=1+1\""),
            ("+33600000001", "\"'+33600000001\""),
            ("-2", "\"'-2\""),
            ("@SUM(A1)", "\"'@SUM(A1)\""),
            ("  =1", "\"'  =1\""),
            ("\t=1", "\"'\t=1\""),
        ] {
            let mut out = String::new();
            row(&mut out, [cell]);
            assert_eq!(out, format!("{expected}\r\n"), "{cell:?}");
        }
        let mut out = String::new();
        row(&mut out, ["a", "b"]);
        assert_eq!(out, "\"a\",\"b\"\r\n");
    }
}
