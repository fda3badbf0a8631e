import { useEffect, useMemo } from 'preact/hooks'
import { extensions, me } from '../api.ts'
import { t } from '../i18n.ts'
import { listen } from '../live.ts'
import { isDialling } from '../phone/bell.ts'
import { hub } from '../phone/hubs.ts'
import { Softphone } from '../phone/softphone.tsx'
import { Table } from '../table.ts'
import { realClock } from '../verto/clock.ts'
import { Missing } from './home.tsx'
import { TableView } from './table-view.tsx'

export const Extension = ({ channel }: { channel: string }) => {
  const own = me.value?.channels.find((known) => known.id === channel)
  return own ? <Own key={channel} channel={channel} /> : <Missing />
}

const Own = ({ channel }: { channel: string }) => {
  const own = me.value!.channels.find((known) => known.id === channel)!
  const phone = hub(channel)
  const table = useMemo(() => new Table(realClock, extensions, channel), [channel])
  useEffect(() => {
    const end = listen((news) => table.hear(news))
    void table.load()
    return () => {
      end()
      table.close()
    }
  }, [table])
  const { link, calls } = phone.state.value
  const canCall = link === 'ready' && !isDialling(calls)
  return (
    <>
      <h1 class="extension">
        {own.name || t('home.open', { number: own.number })} <span class="muted">{own.number}</span>
      </h1>
      <div class="columns">
        <Softphone hub={phone} />
        <TableView
          table={table}
          own={own}
          canCall={canCall}
          call={(number) => phone.send({ do: 'dial', number })}
        />
      </div>
    </>
  )
}
