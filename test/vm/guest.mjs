// The virtual machine: qemu, without hardware acceleration, so it runs wherever a process does.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, rmSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { createInterface } from 'node:readline'
import { Refusal } from '../../deploy/local/progress.mjs'

const timeoutMs = 15 * 60_000
const memoryMiB = 3072

/**
 * Boots, shows what the suites say, and waits for the machine's end.
 * @param {import('./kernel.mjs').Kernel} kernel
 * @param {string} initramfs
 * @returns {Promise<number>} the suites' exit code
 */
export async function boot(kernel, initramfs) {
  const kernelLog = `${initramfs}.log`
  // What the kernel does not know on its command line becomes init's environment.
  const environment = process.stdout.isTTY ? '' : ' NO_COLOR=1'
  const child = spawn(
    'qemu-system-x86_64',
    [
      ...['-accel', 'tcg,thread=multi', '-cpu', 'max', '-m', String(memoryMiB)],
      ...['-smp', String(Math.min(4, availableParallelism()))],
      ...['-kernel', kernel.image, '-initrd', initramfs, '-append', `console=ttyS0 quiet panic=-1${environment}`],
      ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-net', 'none'],
      ...['-serial', `file:${kernelLog}`, '-serial', 'stdio'],
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const gone = once(child, 'close')
  const end = () => {
    child.kill('SIGKILL')
    rmSync(kernelLog, { force: true })
  }
  process.once('exit', end)
  const timer = setTimeout(() => child.kill('SIGKILL'), timeoutMs)
  let code
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const [, ended] = /^ended (\d+)$/.exec(line) ?? []
      if (ended === undefined) process.stdout.write(`${line}\n`)
      else code = Number(ended)
    }
    const [, signal] = await gone
    if (code !== undefined) return code
    const why = signal === null ? 'ended before the suites did' : `was not done within ${timeoutMs / 60_000} minutes`
    throw new Refusal(`The virtual machine ${why}. Its kernel's last words:\n${lastWords(kernelLog)}`)
  } finally {
    clearTimeout(timer)
    end()
    process.off('exit', end)
  }
}

/** @param {string} file */
function lastWords(file) {
  return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-40).join('\n')
}
