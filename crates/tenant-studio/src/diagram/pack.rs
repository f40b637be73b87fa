//! Groups of tables in rows, from the largest to the single tables.

use super::layout::Group;

/// Between two groups.
const GAP: i32 = 56;

/// The corners of the groups, and the size of all.
pub(super) fn packed(groups: &[Group]) -> (Vec<(i32, i32)>, (i32, i32)) {
    let most = width(groups);
    let (mut x, mut y, mut row) = (0, 0, 0);
    let mut size = (0, 0);
    let mut corners = Vec::with_capacity(groups.len());
    for group in groups {
        let (width, height) = group.size;
        if x > 0 && x + width > most {
            (x, y, row) = (0, y + row + GAP, 0);
        }
        corners.push((x, y));
        row = row.max(height);
        size = (size.0.max(x + width), size.1.max(y + row));
        x += width + GAP;
    }
    (corners, size)
}

/// How wide a row may become: as the widest group, or so that all is wider than high.
fn width(groups: &[Group]) -> i32 {
    let area = groups.iter().map(|group| {
        let (width, height) = group.size;
        i64::from(width + GAP) * i64::from(height + GAP)
    });
    let side = (area.sum::<i64>() * 16 / 10).isqrt();
    let widest = groups.iter().map(|group| group.size.0).max();
    let side = i32::try_from(side).unwrap_or(i32::MAX);
    side.max(widest.unwrap_or_default())
}
