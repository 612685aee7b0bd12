// What a process measures of itself, as Prometheus reads it.
import { readdirSync } from 'node:fs'
import type { Registry } from 'prom-client'

export interface Metrics {
  /** The exposition format, for `/metrics`. */
  text(): Promise<string>
}

/**
 * Metrics of the process, by the names that Prometheus' client libraries share. They are read when asked
 * for: nothing is loaded and nothing ticks while nobody looks.
 */
export function createMetrics(): Metrics {
  const startedAtSeconds = Date.now() / 1000 - process.uptime()
  let registry: Promise<Registry> | undefined
  return {
    async text() {
      registry ??= processRegistry(startedAtSeconds)
      return (await registry).metrics()
    },
  }
}

async function processRegistry(startedAtSeconds: number): Promise<Registry> {
  const { Gauge, Registry } = await import('prom-client')
  const registry = new Registry()
  const gauge = (name: string, help: string, value: () => number): void => {
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(value())
      },
    })
  }
  gauge('process_cpu_seconds_total', 'Processor time spent, user and system.', () => {
    const { user, system } = process.cpuUsage()
    return (user + system) / 1e6
  })
  gauge('process_start_time_seconds', 'When the process started, since 1970.', () => startedAtSeconds)
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss())
  gauge('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length)
  gauge('nodejs_heap_size_used_bytes', "Used bytes of V8's heap.", () => process.memoryUsage().heapUsed)
  gauge('nodejs_external_memory_bytes', "Memory of objects outside V8's heap.", () => process.memoryUsage().external)
  return registry
}
