//! The program of the functions, as it is deployed: built so that the same sources give the same bytes, wherever they lie;
//! packed, with its digest, and with a list of what it is built from.

use std::io::{Cursor, Write as _};
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use crate::fault::Fault;
use crate::program::{Program, root};
use crate::tools;

/// What `cargo xtask help` says of it.
pub const HELP: &str = "\
builds the program of the functions for x86-64 into target/package, with its digest and its bill of materials
--program FILE   packs this program instead, such as one that cargo-lambda has built for ARM";

/// What Lambda runs.
const PROGRAM: &str = "bootstrap";

/// Where it goes.
const FOLDER: &str = "target/package";

/// For whom it is built.
const TARGET: &str = "x86_64-unknown-linux-gnu";

/// Builds it, or takes the program that somebody names, and packs it.
///
/// # Errors
/// When something could not be built, read or written.
pub fn run(arguments: &[String]) -> Result<(), Fault> {
    let program = match arguments {
        [] => build()?,
        [switch, file] if switch == "--program" => PathBuf::from(file),
        _ => return Err(Fault::usage("`cargo xtask package` knows `--program FILE` only")),
    };
    let content = std::fs::read(&program).map_err(|error| Fault::file(&program, &error))?;
    let folder = root().join(FOLDER);
    std::fs::create_dir_all(&folder).map_err(|error| Fault::file(&folder, &error))?;
    let packed = pack(&content)?;
    let digest =
        Sha256::digest(&packed).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat();
    write(&folder.join("bootstrap.zip"), &packed)?;
    write(&folder.join("bootstrap.zip.sha256"), format!("{digest}  bootstrap.zip\n").as_bytes())?;
    println!("{FOLDER}/bootstrap.zip: {} bytes, of a program of {}", packed.len(), content.len());
    println!("SHA-256 {digest}");
    bill_of_materials(&folder)
}

/// Builds the program. Paths of this machine are replaced, in Rust and in C: they would stand in the messages of panics.
fn build() -> Result<PathBuf, Fault> {
    let tools = Program::new("rustc").with("--print sysroot").output()?;
    let home = std::env::var("CARGO_HOME")
        .or_else(|_| std::env::var("HOME").map(|home| format!("{home}/.cargo")))
        .map_err(|_| Fault::one("neither CARGO_HOME nor HOME is set"))?;
    let (target, root) = (root().join("target"), root().display().to_string());
    let places = [(root.as_str(), "/spa"), (home.as_str(), "/cargo"), (tools.trim(), "/rust")];
    let for_rust: Vec<String> =
        places.iter().map(|(from, to)| format!("--remap-path-prefix={from}={to}")).collect();
    let for_c: Vec<String> =
        places.iter().map(|(from, to)| format!("-ffile-prefix-map={from}={to}")).collect();
    Program::cargo("build --locked --profile function --features aws --target")
        .with(TARGET)
        .with("--bin")
        .with(PROGRAM)
        // Cargo separates them by this, so that paths may hold blanks.
        .variable("CARGO_ENCODED_RUSTFLAGS", for_rust.join("\u{1f}"))
        .variable("CFLAGS", for_c.join(" "))
        .variable("SOURCE_DATE_EPOCH", "0")
        .run()?;
    Ok(target.join(TARGET).join("function").join(PROGRAM))
}

/// A ZIP file with the program in it, and nothing that depends on when or where it was made.
fn pack(program: &[u8]) -> Result<Vec<u8>, Fault> {
    let broken = |error: &dyn std::fmt::Display| Fault::one(format!("the program cannot be packed: {error}"));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(9))
        // The earliest that the format knows.
        .last_modified_time(DateTime::default())
        .unix_permissions(0o755);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(PROGRAM, options).map_err(|error| broken(&error))?;
    archive.write_all(program).map_err(|error| broken(&error))?;
    Ok(archive.finish().map_err(|error| broken(&error))?.into_inner())
}

/// What the program is built from, as `CycloneDX`. The tool is OWASP's own: it reads the lock file as cargo does, for the
/// features and the platform that count, without what is only needed to build. It lists a package as a whole, so what only
/// the command line uses is listed as well.
fn bill_of_materials(folder: &Path) -> Result<(), Fault> {
    const NAME: &str = "bill-of-materials";
    let tool = tools::cargo_cyclonedx()?;
    tool.with("cyclonedx --quiet --format json --no-build-deps --features aws --spec-version 1.5 --target")
        .with(TARGET)
        .with("--override-filename")
        .with(NAME)
        // So it has neither a date nor a number drawn by chance.
        .variable("SOURCE_DATE_EPOCH", "0")
        .run()?;
    // It writes one for each crate of the workspace, beside its manifest, and calls our own crates by where they lie.
    let [own, ..] = ["", "state-machine", "xtask"].map(|crate_folder| {
        let written = root().join(crate_folder).join(format!("{NAME}.json"));
        let text = std::fs::read_to_string(&written).map_err(|error| Fault::file(&written, &error))?;
        std::fs::remove_file(&written).map_err(|error| Fault::file(&written, &error))?;
        Ok(text.replace(&root().display().to_string(), "/spa"))
    });
    write(&folder.join("bootstrap.cdx.json"), own?.as_bytes())?;
    println!("{FOLDER}/bootstrap.cdx.json: what it is built from");
    Ok(())
}

fn write(path: &Path, content: &[u8]) -> Result<(), Fault> {
    std::fs::write(path, content).map_err(|error| Fault::file(path, &error))
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// Of the package of an empty program.
    const EMPTY: &str = "9354a9961d8acca1a8c43a7f4613486ff70a812d51397d4bd4cd769e50cd97ca";

    #[test]
    fn the_same_program_gives_the_same_bytes_and_can_be_run() {
        let program: Vec<u8> = (0..100_000_u32).flat_map(u32::to_le_bytes).collect();
        let packed = pack(&program).expect("packed");
        assert_eq!(pack(&program).expect("packed"), packed);
        assert!(packed.len() < program.len());
        let mut archive = zip::ZipArchive::new(Cursor::new(&packed)).expect("an archive");
        assert_eq!(archive.len(), 1);
        let mut file = archive.by_index(0).expect("a file");
        assert_eq!(file.name().expect("a name"), PROGRAM);
        assert_eq!(file.unix_mode(), Some(0o100_755));
        let mut content = Vec::new();
        file.read_to_end(&mut content).expect("its content");
        assert_eq!(content, program);
        // Written down: another version of the packer must not pass unseen.
        let empty = Sha256::digest(pack(b"").expect("packed"));
        assert_eq!(empty.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat(), EMPTY);
    }
}
