// What people see while something takes its time: one line a step, with a spinner on a terminal.

const colour = process.stdout.isTTY && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb'
/** @param {number} code @param {string} text */
const paint = (code, text) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text)

export const green = (/** @type {string} */ text) => paint(32, text)
export const red = (/** @type {string} */ text) => paint(31, text)
export const dim = (/** @type {string} */ text) => paint(2, text)
export const bold = (/** @type {string} */ text) => paint(1, text)

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']

/** @param {number} ms */
const duration = ms => (ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`)

/**
 * Runs one step and tells how it went and how long it took. The step may change what is shown of it by
 * calling `say`; what it returns, when it is a string, stands behind the title.
 * @template T
 * @param {string} title
 * @param {(say: (detail: string) => void) => T | Promise<T>} run
 * @returns {Promise<T>}
 */
export async function step(title, run) {
  const started = performance.now()
  let detail = ''
  let frame = 0
  const draw = () =>
    process.stdout.write(`\r\u001b[K${frames[frame++ % frames.length]} ${title}${detail && dim(` ${detail}`)}`)
  const timer = process.stdout.isTTY ? setInterval(draw, 100) : undefined
  const clear = () => {
    clearInterval(timer)
    if (process.stdout.isTTY) process.stdout.write('\r\u001b[K')
  }
  try {
    const result = await run(text => {
      detail = text
    })
    clear()
    const note = typeof result === 'string' ? ` ${result}` : ''
    process.stdout.write(`${green('✓')} ${title}${note} ${dim(duration(performance.now() - started))}\n`)
    return result
  } catch (error) {
    clear()
    process.stdout.write(`${red('✗')} ${title}\n`)
    throw error
  }
}

/** Something the user has to know or do; it is printed as one sentence, without a stack. */
export class Refusal extends Error {
  /** @override */
  name = 'Refusal'
}

/**
 * Runs a command's body: a Refusal becomes one sentence and exit code 1, anything else keeps its stack.
 * @param {() => Promise<void>} body
 */
export async function main(body) {
  try {
    await body()
  } catch (error) {
    process.stderr.write(
      `${red('error:')} ${error instanceof Refusal ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
    )
    process.exitCode = 1
  }
}
