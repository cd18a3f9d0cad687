//! The start of the program; everything else is in the library.

fn main() -> std::process::ExitCode {
    glassplane::cli::main()
}
