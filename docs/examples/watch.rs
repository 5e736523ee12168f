// SPDX-License-Identifier: Apache-2.0
//! watch [--events] OPTION[=VALUE]...: what watch.c does, in Rust.
//!
//!     rustc --edition 2021 -O watch.rs $(pkg-config --libs-only-L sslsniff)
mod sslsniff;

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::os::raw::c_int;
use std::process::ExitCode;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use sslsniff::{sslsniff_address, sslsniff_capture, sslsniff_event, sslsniff_text, Capture, Error};

const KINDS: [&str; 9] = ["", "process", "open", "socket", "tls", "data", "gap", "close", "loss"];
const MESSAGE_TYPES: [&str; 3] = ["message", "request", "response"];
const CONFIDENCES: [&str; 3] = ["", "likely ", ""];

const SIGINT: c_int = 2;
const SIGTERM: c_int = 15;
const SIG_DFL: usize = 0;

/// What the signal handler ends; null: nothing.
static CAPTURE: AtomicPtr<sslsniff_capture> = AtomicPtr::new(null_mut());

extern "C" {
    fn signal(number: c_int, handler: usize) -> usize;
}

extern "C" fn end(_number: c_int) {
    unsafe { sslsniff::request_stop(CAPTURE.load(Ordering::Relaxed)) }
}

fn handle_signals(handler: usize) {
    for number in [SIGINT, SIGTERM] {
        unsafe { signal(number, handler) };
    }
}

/// Names are chosen by others: nothing of them may reach the terminal that is not a character.
fn shown(text: &sslsniff_text) -> String {
    text.bytes().iter().map(|&c| if c > b' ' && c < 0x7f { c as char } else { '?' }).collect()
}

fn address(end: &sslsniff_address) -> String {
    let b = &end.bytes;
    match end.family {
        4 => format!("{}:{}", Ipv4Addr::new(b[0], b[1], b[2], b[3]), end.port),
        6 => format!("[{}]:{}", Ipv6Addr::from(*b), end.port),
        _ => format!("?:{}", end.port),
    }
}

fn describe(event: &sslsniff_event) -> Option<String> {
    // A newer library may tell of kinds that this program does not know.
    let kind = KINDS.get(event.kind as usize)?;
    let mut line = format!("{}.{:09} {}", event.time_ns / 1_000_000_000, event.time_ns % 1_000_000_000, kind);
    if let Some(process) = event.process() {
        line += &format!(" {}[{}]", shown(&process.comm), process.pid);
    }
    if let Some(connection) = event.connection() {
        line += &format!(" {} {}", connection.id, shown(&connection.name));
        line += &format!(" {} {}", address(&connection.local), address(&connection.remote));
        line += &format!(" socket {} by {} ", connection.socket_cookie, connection.correlation());
        line += CONFIDENCES[connection.protocol_confidence as usize % 3];
        line += &shown(&connection.protocol);
    }
    if event.kind == sslsniff::EVENT_DATA || event.kind == sslsniff::EVENT_GAP {
        let direction = if event.direction == 0 { "sent" } else { "received" };
        let message_type = MESSAGE_TYPES[event.message_type as usize % 3];
        line += &format!(" {} {} at {} of {} bytes", direction, message_type, event.position, event.length);
    }
    if event.kind == sslsniff::EVENT_DATA {
        let sum = event.data().iter().fold(0u32, |sum, &byte| sum.wrapping_mul(31).wrapping_add(byte as u32));
        line += &format!(" thread {} number {} trace {} sum {}", event.tid, event.sequence, event.trace_id, sum);
    }
    if event.has_tcp_seq != 0 {
        line += &format!(" tcp {}", event.tcp_seq);
    }
    for word in [event.cause(), event.reason()].into_iter().flatten() {
        line += &format!(" {}", word);
    }
    Some(line)
}

fn watch() -> Result<(), Error> {
    let mut capture = Capture::new()?;
    let mut events = false;
    for argument in std::env::args().skip(1) {
        match argument.split_once('=') {
            None if argument == "--events" => events = true,
            None => capture.set(&argument, None)?,
            Some((option, value)) => capture.set(option, Some(value))?,
        }
    }
    if events {
        capture.on_event(|event| {
            if let Some(line) = describe(event) {
                println!("{}", line);
            }
        })?;
    } else {
        capture.on_line(|json| {
            let mut out = io::stdout().lock();
            let _ = out.write_all(json).and_then(|()| out.write_all(b"\n"));
        })?;
    }
    capture.on_notice(|sentence| eprintln!("watch: {}", sentence))?;
    CAPTURE.store(capture.raw(), Ordering::Relaxed);
    handle_signals(end as extern "C" fn(c_int) as usize);
    let result = capture.start().and_then(|()| {
        while capture.poll(-1)? {}
        Ok(())
    });
    let s = capture.statistics()?;
    eprintln!("watch: {} events, {} transactions, {} connections, {} events lost", s.events, s.transactions, s.connections, s.lost_events);
    handle_signals(SIG_DFL); // before the capture is dropped
    result
}

fn main() -> ExitCode {
    match watch() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("watch: {}", error);
            ExitCode::FAILURE
        }
    }
}
