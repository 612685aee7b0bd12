// What the virtual machine finds: busybox, the programs and libraries of this machine that suites call, Node, the project.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import path from 'node:path'
import { root } from '../../deploy/local/machine.mjs'
import { Refusal } from '../../deploy/local/progress.mjs'
import { sources } from '../../tools/sources.mjs'
import { CpioWriter } from './cpio.mjs'

/** Where busybox' commands differ too much from those that machines have. */
const programs = ['ip', 'nft', 'nsenter']
/** Loaded by name at run time, so nobody's ldd shows it. */
const libraries = ['libnftables.so.1']
/** What containers' networks and file systems may make the kernel load. */
const moduleFolders = [
  'kernel/net',
  'kernel/drivers/net',
  'kernel/fs/overlayfs',
  'kernel/lib',
  'kernel/crypto',
  'kernel/arch',
]
/** Suites bundle programs by themselves, so they need esbuild, and fast-check where they are property tests. */
const developmentPackages = ['esbuild', '@esbuild/linux-x64', 'fast-check', 'pure-rand']

/**
 * Writes the initramfs.
 * @param {string} target
 * @param {import('./kernel.mjs').Kernel} kernel
 * @param {readonly string[]} bundles absolute paths of test bundles below the project's dist/
 * @returns {number} its size in bytes
 */
export function makeImage(target, kernel, bundles) {
  const archive = new CpioWriter(target)
  for (const folder of ['proc', 'sys', 'dev', 'run', 'tmp', 'root', 'etc']) archive.folder(folder)
  // The kernel opens it for init's own output, before init can mount /dev.
  archive.device('dev/console', 5, 1)
  archive.file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n')
  archive.file('etc/group', 'root:x:0:\nnogroup:x:65534:\n')
  archive.file('etc/hosts', '127.0.0.1 localhost\n')
  archive.file('etc/protocols', 'icmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nsctp 132 SCTP\n')

  archive.copy('init', path.join(import.meta.dirname, 'init.sh'))
  archive.copy('bin/busybox', realpathSync('/bin/busybox'))
  archive.link('bin/sh', 'busybox')
  addPrograms(archive)
  for (const file of ['modules.dep', 'modules.alias', 'modules.builtin', ...moduleFolders]) {
    const source = path.join(kernel.modules, file)
    if (existsSync(source)) archive.copy(path.join('lib/modules', kernel.release, file), source)
  }

  // The project stands where it stands here, so stack traces name files that exist.
  archive.file('suites', bundles.join('\n'))
  archive.copy(path.join(root, 'dist/test'), path.join(root, 'dist/test'))
  for (const file of ['package.json', 'tsconfig.json', ...sources('.ts'), ...sources('.proto'), ...packages()])
    archive.copy(path.join(root, file), path.join(root, file))
  return archive.close()
}

/** @param {CpioWriter} archive */
function addPrograms(archive) {
  const which = (/** @type {string} */ name) => execFileSync('busybox', ['which', name], { encoding: 'utf8' }).trim()
  const known = execFileSync('/sbin/ldconfig', ['-p'], { encoding: 'utf8' }).split('\n')
  const found = libraries.map(name => {
    const [, file] = known.find(line => line.trim().startsWith(`${name} (libc6,x86-64`))?.split(' => ') ?? []
    if (file === undefined) throw new Refusal(`${name} is not installed: on Debian, apt-get install libnftables1`)
    return file
  })
  const files = [...programs.map(which), ...found]
  for (const file of [process.execPath, ...files]) {
    for (const library of sharedLibraries(file)) archive.copy(library, realpathSync(library))
  }
  archive.copy('bin/node', realpathSync(process.execPath))
  for (const file of files) archive.copy(file, realpathSync(file))
}

/** What the dynamic linker would load for a file, the linker itself included. @param {string} file */
function sharedLibraries(file) {
  const told = execFileSync('ldd', [file], { encoding: 'utf8' })
  return [...told.matchAll(/(?:=> )?(\/\S+) \(0x/g)].flatMap(([, library]) => library ?? [])
}

/** Folders of npm packages, relative to the root: those that production has, and those that suites need besides. */
function packages() {
  /** @type {{packages: Record<string, {dev?: boolean}>}} */
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'))
  const wanted = new Set(developmentPackages.map(name => `node_modules/${name}`))
  return Object.entries(lock.packages)
    .filter(([folder, { dev }]) => folder !== '' && (!dev || wanted.has(folder)) && existsSync(path.join(root, folder)))
    .map(([folder]) => folder)
}
