//! Writes files whole or not at all. What is no file of its own (a device, a pipe, what is open already) is written to and
//! never replaced.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// How many links are followed, as on Linux.
const MOST_LINKS: usize = 40;

/// Where a path leads.
enum Place {
    /// The own standard output.
    Stdout,
    /// The own standard error.
    Stderr,
    /// Something that is there and stays: it is written to.
    Kept(PathBuf),
    /// A file, there or not: another one is put in its place.
    File(PathBuf),
}

/// Writes a file whole or not at all: it is written beside and then put in its place. A link stays one.
pub(crate) fn replace(file: &Path, text: &[u8]) -> io::Result<()> {
    replace_by(file, |out| out.write_all(text))
}

/// The same for what is written piece by piece.
pub(crate) fn replace_by(
    file: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let write_to = |out: &mut dyn Write| {
        let mut out = io::BufWriter::with_capacity(1 << 16, out);
        write(&mut out)?;
        out.flush()
    };
    match place(file)? {
        Place::Stdout => unless_closed(write_to(&mut io::stdout().lock())),
        Place::Stderr => unless_closed(write_to(&mut io::stderr().lock())),
        Place::Kept(path) => {
            let mut options = fs::OpenOptions::new();
            // What somebody else has open is written on.
            let is_file = fs::metadata(&path)?.is_file();
            options.write(true).append(is_file);
            write_to(&mut options.open(path)?)
        }
        Place::File(file) => {
            let mut beside = file.as_os_str().to_owned();
            beside.push(format!(".{}.tmp", std::process::id()));
            let beside = PathBuf::from(beside);
            fs::File::create(&beside)
                .and_then(|mut out| write_to(&mut out))
                .and_then(|()| fs::rename(&beside, file))
                .inspect_err(|_| {
                    let _ = fs::remove_file(&beside);
                })
        }
    }
}

/// Whoever reads may have seen enough; the verdict still decides the exit code.
fn unless_closed(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Follows links one by one: the system resolves `/dev/stdout` to the file that it was redirected to.
fn place(file: &Path) -> io::Result<Place> {
    let mut path = file.to_path_buf();
    for _ in 0..MOST_LINKS {
        let Some(name) = path.file_name() else {
            return Ok(Place::File(path));
        };
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            Some(_) | None => Path::new("."),
        };
        let folder = folder.canonicalize()?;
        let real = folder.join(name);
        let is_device = folder == Path::new("/dev");
        match name.to_str() {
            Some("stdout") if is_device => return Ok(Place::Stdout),
            Some("stderr") if is_device => return Ok(Place::Stderr),
            Some("1") if is_of_streams(&folder) => return Ok(Place::Stdout),
            Some("2") if is_of_streams(&folder) => return Ok(Place::Stderr),
            Some(_) | None if is_of_system(&real) => return Ok(Place::Kept(real)),
            Some(_) | None => {}
        }
        match fs::read_link(&real) {
            Ok(next) => path = folder.join(next),
            Err(_) if fs::metadata(&real).is_ok_and(|metadata| !metadata.is_file()) => {
                return Ok(Place::Kept(real));
            }
            Err(_) => return Ok(Place::File(real)),
        }
    }
    Err(io::Error::other("too many links lead to each other"))
}

/// Whether a folder has the streams of this process by their numbers.
fn is_of_streams(folder: &Path) -> bool {
    let own = PathBuf::from(format!("/proc/{}", std::process::id()));
    folder == Path::new("/dev/fd") || folder.starts_with(own) && folder.ends_with("fd")
}

/// Whether a path names what the system has open rather than a file; `/dev/shm` is a place for files.
fn is_of_system(path: &Path) -> bool {
    let is_device = path.starts_with("/dev") && !path.starts_with("/dev/shm");
    is_device || path.starts_with("/proc")
}
