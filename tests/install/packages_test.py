"""packages_test.py: what is in the packages that tools/package made, and what they need. SKIPPED when there are none."""
import glob
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parent.parent.parent
LARGEST = 8 << 20  # bytes of the stripped program
NEWEST_GLIBC = (2, 36)


def output(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=True, **options).stdout


class Packages(unittest.TestCase):
    def package(self, pattern, *programs):
        found = sorted(glob.glob(str(ROOT / "build/packages" / pattern)), key=os.path.getmtime)
        if not found:
            self.skipTest("there is no package: run tools/package")
        for program in programs:
            if not shutil.which(program):
                self.skipTest(f"{program} is not installed")
        return found[-1]

    def folder(self):
        name = tempfile.mkdtemp(prefix="sslsniff-packages-")
        self.addCleanup(shutil.rmtree, name)
        return pathlib.Path(name)

    def unit(self, folder):
        (unit,) = folder.glob("**/lib/systemd/system/sslsniff.service")
        return unit

    def assert_hardened(self, program):
        elf = output("readelf", "-W", "-h", "-l", "-d", program)
        self.assertIn("DYN (Position-Independent Executable file)", elf)
        self.assertIn("GNU_RELRO", elf)
        self.assertRegex(elf, r"FLAGS_1\).*NOW")

    def test_debian_package(self):
        deb = self.package("sslsniff_*.deb", "dpkg-deb", "readelf", "man")
        folder = self.folder()
        output("dpkg-deb", "-R", deb, folder)
        program = folder / "usr/bin/sslsniff"
        self.assertLess(program.stat().st_size, LARGEST)
        self.assert_hardened(program)
        self.assertNotIn(".debug_info", output("readelf", "-S", program))
        for name in ("usr/share/man/man1/sslsniff.1.gz", "usr/share/bash-completion/completions/sslsniff",
                     "usr/share/zsh/vendor-completions/_sslsniff", "usr/share/fish/vendor_completions.d/sslsniff.fish",
                     "etc/logrotate.d/sslsniff", "etc/sslsniff.toml", "usr/share/doc/sslsniff/copyright",
                     "usr/share/doc/sslsniff/service.md", "usr/lib/sysusers.d/sslsniff.conf"):
            self.assertTrue((folder / name).is_file(), name)
        self.assertEqual((folder / "DEBIAN/conffiles").read_text().split(), ["/etc/logrotate.d/sslsniff", "/etc/sslsniff.toml"])
        self.assertIn("ExecStart=/usr/bin/sslsniff ", self.unit(folder).read_text())
        postinst = (folder / "DEBIAN/postinst").read_text()
        self.assertIn("systemd-sysusers", postinst)
        self.assertNotRegex(postinst, r"deb-systemd-invoke \$?_?dh_action|deb-systemd-invoke start", "it starts nothing")
        control = (folder / "DEBIAN/control").read_text()
        for package in ("libc6", "libbpf1", "libpcap0.8(t64)?"):
            self.assertRegex(control, rf"(?m)^Depends:.*\b{package} ")
        self.assertNotIn(str(ROOT), program.read_bytes().decode("latin-1"), "the path of the build is in the program")

    def test_library_packages(self):
        """Of the newest build: what is in them, and a program that is built and linked with what they have, both ways."""
        runtime = self.package("libsslsniff0_*.deb", "dpkg-deb", "readelf", "nm", "cc", "pkg-config")
        development = runtime.replace("/libsslsniff0_", "/libsslsniff-dev_")
        folder = self.folder()
        for deb in (runtime, development):
            output("dpkg-deb", "-x", deb, folder)
        (library,) = folder.glob("usr/lib/*/libsslsniff.so.0")
        elf = output("readelf", "-W", "-l", "-d", library)
        self.assertIn("(SONAME)             Library soname: [libsslsniff.so.0]", elf)
        self.assertIn("GNU_RELRO", elf)
        self.assertRegex(elf, r"FLAGS_1\).*NOW")
        symbols = output("nm", "-D", "--defined-only", library).split("\n")[:-1]
        self.assertEqual([s for s in symbols if not re.search(r" sslsniff_\w+@@SSLSNIFF_|A SSLSNIFF_", s)], [])
        self.assertNotIn(str(ROOT), library.read_bytes().decode("latin-1"), "the path of the build is in the library")
        self.assertEqual(library.parent.joinpath("libsslsniff.so").readlink(), pathlib.Path("libsslsniff.so.0"))
        examples = folder / "usr/share/doc/libsslsniff-dev/examples"
        self.assertTrue((examples / "watch.rs").is_file())
        environment = {**os.environ, "PKG_CONFIG_LIBDIR": library.parent / "pkgconfig", "PKG_CONFIG_SYSROOT_DIR": folder,
                       "LD_LIBRARY_PATH": library.parent}
        trace = ROOT / "tests/fixtures/http1_keep_alive.trace"
        lines = []
        for name, flags, linked in (("shared", [], []), ("static", ["--static"], ["-Wl,-Bstatic", "-lsslsniff", "-Wl,-Bdynamic"])):
            words = output("pkg-config", "--cflags", "--libs", *flags, "sslsniff", env=environment).split()
            if linked:
                words = [w for word in words for w in (linked if word == "-lsslsniff" else [word])]
            output("cc", "-o", folder / name, examples / "watch.c", *words)
            lines.append(output(folder / name, f"read={trace}", env=environment))
            needed = "libsslsniff.so.0" in output("readelf", "-d", folder / name)
            self.assertEqual(needed, name == "shared")
        self.assertEqual(lines[0].count('"transaction"'), 3)
        self.assertEqual(lines[0], lines[1])

    def test_debug_symbols(self):
        deb = self.package("sslsniff_*.deb", "dpkg-deb", "readelf")
        symbols = deb.replace("/sslsniff_", "/sslsniff-dbgsym_")
        folder = self.folder()
        output("dpkg-deb", "-x", symbols, folder)
        output("dpkg-deb", "-x", deb, folder)
        (file,) = folder.glob("usr/lib/debug/.build-id/*/*.debug")
        build_id = re.search(r"Build ID: (\w+)", output("readelf", "-n", folder / "usr/bin/sslsniff")).group(1)
        self.assertEqual(file.parent.name + file.stem, build_id)
        self.assertIn(".debug_info", output("readelf", "-SW", file))

    def test_tarball(self):
        tarball = self.package("sslsniff-*-linux-*.tar.xz", "readelf", "objdump")
        folder = self.folder()
        output("tar", "-C", folder, "-xf", tarball)
        (root,) = folder.iterdir()
        program = root / "bin/sslsniff"
        self.assert_hardened(program)
        needed = set(re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", program)))
        beside = {path.name for path in (root / "lib/sslsniff").iterdir()}
        glibc = {"libc.so.6", "libm.so.6", "ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1"}
        self.assertLessEqual(needed, beside | glibc)
        for name in beside:
            more = set(re.findall(r"NEEDED.*\[(.*)\]", output("readelf", "-d", root / "lib/sslsniff" / name)))
            self.assertLessEqual(more, beside | glibc, name)
        versions = re.findall(r"GLIBC_(\d+)\.(\d+)", output("objdump", "-T", program))
        newest = max((int(a), int(b)) for a, b in versions)
        self.assertIn("glibc {}.{} or newer".format(*newest), (root / "README").read_text())
        host = tuple(map(int, output("getconf", "GNU_LIBC_VERSION").split()[1].split(".")))
        self.assertLessEqual(newest, max(NEWEST_GLIBC, host))
        # Found beside it, wherever it lies, and nothing else of this system is.
        loaded = output("ldd", program)
        for name in beside:
            self.assertIn(f"{root}/bin/../lib/sslsniff/{name}", loaded)
        self.assertNotIn("not found", loaded)
        for name in ("etc/sslsniff.toml", "etc/logrotate.d/sslsniff", "lib/systemd/system/sslsniff.service",
                     "lib/sysusers.d/sslsniff.conf", "share/man/man1/sslsniff.1"):
            self.assertTrue((root / name).is_file(), name)
        self.assertTrue(output(program, "--version").startswith("sslsniff "))
        licences = {path.name for path in (root / "share/doc/sslsniff/licences").iterdir()}
        self.assertLessEqual({"LICENSE", "NOTICE", "libssl-dev.txt", "libprotobuf-dev.txt", "libfmt-dev.txt", "libpcap-dev.txt",
                              "libbpf-dev.txt", "libstdc++6.txt"}, licences)


if __name__ == "__main__":
    program = unittest.main(exit=False, verbosity=2)
    if not program.result.wasSuccessful():
        sys.exit(1)
    for _, reason in program.result.skipped:
        print(f"SKIPPED: {reason}")
    sys.exit(77 if program.result.skipped else 0)
