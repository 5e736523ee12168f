// SPDX-License-Identifier: Apache-2.0
//! libsslsniff (sslsniff.h) for Rust: the foreign functions, and a thin layer above them that is safe to use.
#![allow(non_camel_case_types, dead_code)]

use std::ffi::{CStr, CString};
use std::marker::PhantomData;
use std::os::raw::{c_char, c_int, c_void};

pub const OK: c_int = 0;
pub const ENDED: c_int = 1;
pub const ERROR_MEMORY: c_int = -8;

pub const EVENT_PROCESS: u32 = 1;
pub const EVENT_OPEN: u32 = 2;
pub const EVENT_SOCKET: u32 = 3;
pub const EVENT_TLS: u32 = 4;
pub const EVENT_DATA: u32 = 5;
pub const EVENT_GAP: u32 = 6;
pub const EVENT_CLOSE: u32 = 7;
pub const EVENT_LOSS: u32 = 8;

#[repr(C)]
pub struct sslsniff_capture {
    _private: [u8; 0],
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct sslsniff_text {
    data: *const c_char,
    length: usize,
}

impl sslsniff_text {
    pub fn bytes(&self) -> &[u8] {
        // The library promises that `data` is not null, and has so many bytes.
        unsafe { std::slice::from_raw_parts(self.data as *const u8, self.length) }
    }
}

#[repr(C)]
pub struct sslsniff_address {
    pub family: u16,
    pub port: u16,
    pub bytes: [u8; 16],
}

#[repr(C)]
pub struct sslsniff_process {
    pub struct_size: usize,
    pub pid: u32,
    pub uid: u32,
    pub start_time_ns: u64,
    pub comm: sslsniff_text,
    pub exe: sslsniff_text,
    pub container_id: sslsniff_text,
    pub container_runtime: sslsniff_text,
    pub container_name: sslsniff_text,
    pub container_image: sslsniff_text,
    pub pod: sslsniff_text,
    pub pod_namespace: sslsniff_text,
}

#[repr(C)]
pub struct sslsniff_connection {
    pub struct_size: usize,
    pub id: u64,
    pub name: sslsniff_text,
    process: *const sslsniff_process,
    pub carrier: u32,
    pub role: u32,
    pub transport: u32,
    pub joined_midstream: u32,
    correlation: *const c_char,
    pub local: sslsniff_address,
    pub remote: sslsniff_address,
    pub socket_cookie: u64,
    pub netns: u32,
    pub protocol_confidence: u32,
    pub protocol: sslsniff_text,
    pub remote_name: sslsniff_text,
    pub continues: sslsniff_text,
    pub opened_ns: i64,
    pub connect_ns: i64,
    pub tls_library: sslsniff_text,
    pub tls_version: sslsniff_text,
    pub tls_cipher: sslsniff_text,
    pub tls_sni: sslsniff_text,
    pub tls_alpn: sslsniff_text,
    pub tls_handshake_error: sslsniff_text,
    pub tls_not_decoded: sslsniff_text,
    pub tls_handshake_ns: i64,
}

impl sslsniff_connection {
    pub fn correlation(&self) -> &str {
        name(self.correlation).unwrap_or("")
    }
}

#[repr(C)]
pub struct sslsniff_event {
    pub struct_size: usize,
    pub kind: u32,
    pub direction: u32,
    pub time_ns: i64,
    connection: *const sslsniff_connection,
    process: *const sslsniff_process,
    pub tid: u32,
    pub message_type: u32,
    pub position: u64,
    pub sequence: u64,
    pub trace_id: u64,
    data: *const u8,
    pub length: u64,
    cause: *const c_char,
    reason: *const c_char,
    pub lost_events: u64,
    pub lost_bytes: u64,
    pub process_change: u32,
    pub has_tcp_seq: u32,
    pub tcp_seq: u32,
    pub reserved: u32,
}

impl sslsniff_event {
    pub fn connection(&self) -> Option<&sslsniff_connection> {
        unsafe { self.connection.as_ref() }
    }
    pub fn process(&self) -> Option<&sslsniff_process> {
        unsafe { self.process.as_ref() }
    }
    /// The plaintext; empty unless the kind is EVENT_DATA.
    pub fn data(&self) -> &[u8] {
        if self.data.is_null() {
            return &[];
        }
        unsafe { std::slice::from_raw_parts(self.data, self.length as usize) }
    }
    pub fn cause(&self) -> Option<&str> {
        name(self.cause)
    }
    pub fn reason(&self) -> Option<&str> {
        name(self.reason)
    }
}

#[repr(C)]
#[derive(Default)]
pub struct sslsniff_statistics {
    pub struct_size: usize,
    pub state: u32,
    pub is_live: u32,
    pub buffer_size: u64,
    pub buffer_waiting: u64,
    pub events: u64,
    pub data_bytes: u64,
    pub lost_events: u64,
    pub lost_bytes: u64,
    pub transactions: u64,
    pub connections: u64,
    pub open_connections: u64,
    pub unbound_connections: u64,
    pub processes: u64,
    pub bytes_sent: u64,
    pub bytes_received: u64,
    pub missing_bytes: u64,
    pub memory_held: u64,
    pub memory_limit: u64,
    pub started_ns: i64,
    pub ended_ns: i64,
}

type EventCallback = extern "C" fn(*mut c_void, *const sslsniff_event);
type LineCallback = extern "C" fn(*mut c_void, *const c_char, usize);
type NoticeCallback = extern "C" fn(*mut c_void, *const c_char);

#[link(name = "sslsniff")]
extern "C" {
    fn sslsniff_new() -> *mut sslsniff_capture;
    fn sslsniff_free(capture: *mut sslsniff_capture);
    fn sslsniff_set(capture: *mut sslsniff_capture, option: *const c_char, value: *const c_char) -> c_int;
    fn sslsniff_on_event(capture: *mut sslsniff_capture, callback: Option<EventCallback>, context: *mut c_void) -> c_int;
    fn sslsniff_on_line(capture: *mut sslsniff_capture, callback: Option<LineCallback>, context: *mut c_void) -> c_int;
    fn sslsniff_on_notice(capture: *mut sslsniff_capture, callback: Option<NoticeCallback>, context: *mut c_void) -> c_int;
    fn sslsniff_start(capture: *mut sslsniff_capture) -> c_int;
    fn sslsniff_poll(capture: *mut sslsniff_capture, timeout_ms: c_int) -> c_int;
    fn sslsniff_request_stop(capture: *mut sslsniff_capture);
    fn sslsniff_error(capture: *const sslsniff_capture) -> *const c_char;
    fn sslsniff_status_name(status: c_int) -> *const c_char;
    fn sslsniff_read_statistics(capture: *mut sslsniff_capture, statistics: *mut sslsniff_statistics) -> c_int;
}

/// Names that the library gives are ASCII, and live forever.
fn name(text: *const c_char) -> Option<&'static str> {
    if text.is_null() {
        return None;
    }
    unsafe { CStr::from_ptr(text) }.to_str().ok()
}

/// What went wrong.
#[derive(Debug)]
pub struct Error {
    pub status: c_int,
    pub sentence: String,
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", name(unsafe { sslsniff_status_name(self.status) }).unwrap_or(""), self.sentence)
    }
}

type OnEvent<'a> = Box<dyn FnMut(&sslsniff_event) + 'a>;
type OnLine<'a> = Box<dyn FnMut(&[u8]) + 'a>;
type OnNotice<'a> = Box<dyn FnMut(&str) + 'a>;

// A panic must not run through C: these abort, as Rust does at such functions.
extern "C" fn tell_event(context: *mut c_void, event: *const sslsniff_event) {
    unsafe { (*(context as *mut OnEvent))(&*event) }
}

extern "C" fn tell_line(context: *mut c_void, json: *const c_char, length: usize) {
    unsafe { (*(context as *mut OnLine))(std::slice::from_raw_parts(json as *const u8, length)) }
}

extern "C" fn tell_notice(context: *mut c_void, sentence: *const c_char) {
    unsafe { (*(context as *mut OnNotice))(&CStr::from_ptr(sentence).to_string_lossy()) }
}

/// Ends a capture from elsewhere: from other threads, and from signal handlers. Null does nothing.
///
/// # Safety
/// `capture` is of Capture::raw(), and not dropped yet.
pub unsafe fn request_stop(capture: *mut sslsniff_capture) {
    sslsniff_request_stop(capture)
}

/// A capture with callbacks that may borrow for `'a`. Belongs to one thread, as it is neither Send nor Sync.
pub struct Capture<'a> {
    raw: *mut sslsniff_capture,
    // Boxes in boxes: what C is given a pointer to must not move.
    on_event: Option<Box<OnEvent<'a>>>,
    on_line: Option<Box<OnLine<'a>>>,
    on_notice: Option<Box<OnNotice<'a>>>,
    lifetime: PhantomData<&'a ()>,
}

impl<'a> Capture<'a> {
    pub fn new() -> Result<Self, Error> {
        let raw = unsafe { sslsniff_new() };
        if raw.is_null() {
            return Err(Error { status: ERROR_MEMORY, sentence: "no memory or no descriptors are left".into() });
        }
        Ok(Capture { raw, on_event: None, on_line: None, on_notice: None, lifetime: PhantomData })
    }

    fn check(&self, status: c_int) -> Result<c_int, Error> {
        if status >= 0 {
            return Ok(status);
        }
        let sentence = unsafe { CStr::from_ptr(sslsniff_error(self.raw)) };
        Err(Error { status, sentence: sentence.to_string_lossy().into_owned() })
    }

    /// `None`: a flag.
    pub fn set(&mut self, option: &str, value: Option<&str>) -> Result<(), Error> {
        // What a NUL cuts off is no option either.
        let option = CString::new(option).unwrap_or_default();
        let value = value.map(|text| CString::new(text).unwrap_or_default());
        let pointer = value.as_ref().map_or(std::ptr::null(), |text| text.as_ptr());
        self.check(unsafe { sslsniff_set(self.raw, option.as_ptr(), pointer) }).map(|_| ())
    }

    pub fn on_event(&mut self, callback: impl FnMut(&sslsniff_event) + 'a) -> Result<(), Error> {
        let mut boxed: Box<OnEvent<'a>> = Box::new(Box::new(callback));
        let context = &mut *boxed as *mut OnEvent<'a> as *mut c_void;
        self.check(unsafe { sslsniff_on_event(self.raw, Some(tell_event), context) })?;
        self.on_event = Some(boxed);
        Ok(())
    }

    pub fn on_line(&mut self, callback: impl FnMut(&[u8]) + 'a) -> Result<(), Error> {
        let mut boxed: Box<OnLine<'a>> = Box::new(Box::new(callback));
        let context = &mut *boxed as *mut OnLine<'a> as *mut c_void;
        self.check(unsafe { sslsniff_on_line(self.raw, Some(tell_line), context) })?;
        self.on_line = Some(boxed);
        Ok(())
    }

    pub fn on_notice(&mut self, callback: impl FnMut(&str) + 'a) -> Result<(), Error> {
        let mut boxed: Box<OnNotice<'a>> = Box::new(Box::new(callback));
        let context = &mut *boxed as *mut OnNotice<'a> as *mut c_void;
        self.check(unsafe { sslsniff_on_notice(self.raw, Some(tell_notice), context) })?;
        self.on_notice = Some(boxed);
        Ok(())
    }

    pub fn start(&mut self) -> Result<(), Error> {
        self.check(unsafe { sslsniff_start(self.raw) }).map(|_| ())
    }

    /// True as long as there may be more.
    pub fn poll(&mut self, timeout_ms: i32) -> Result<bool, Error> {
        self.check(unsafe { sslsniff_poll(self.raw, timeout_ms) }).map(|status| status == OK)
    }

    pub fn statistics(&mut self) -> Result<sslsniff_statistics, Error> {
        let mut statistics = sslsniff_statistics { struct_size: std::mem::size_of::<sslsniff_statistics>(), ..Default::default() };
        self.check(unsafe { sslsniff_read_statistics(self.raw, &mut statistics) })?;
        Ok(statistics)
    }

    /// For request_stop().
    pub fn raw(&self) -> *mut sslsniff_capture {
        self.raw
    }
}

impl Drop for Capture<'_> {
    fn drop(&mut self) {
        unsafe { sslsniff_free(self.raw) }
    }
}
