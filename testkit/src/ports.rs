//! Free ports on loopback.

use std::net::TcpListener;

/// How often a start is tried until a whole run of ports is free.
const TRIES: u32 = 200;

/// The first of `count` ports in a row that nobody uses right now.
///
/// # Panics
/// When the machine has no such run.
pub fn free_run(count: u16) -> u16 {
    let free = |port: u16| TcpListener::bind(("127.0.0.1", port)).is_ok();
    for _ in 0..TRIES {
        let start = TcpListener::bind("127.0.0.1:0").and_then(|held| held.local_addr()).map(|at| at.port());
        let Ok(start) = start else { continue };
        if (0..count).all(|n| start.checked_add(n).is_some_and(free)) {
            return start;
        }
    }
    panic!("{count} free ports in a row were not found on 127.0.0.1")
}
