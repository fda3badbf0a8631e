/** Icons as paths on a grid of 24; they say nothing that the text beside them does not. */
const PATHS = {
  call: 'M6.6 3H4a1 1 0 0 0-1 1.1A17 17 0 0 0 19.9 21a1 1 0 0 0 1.1-1v-2.600a1 1 0 0 0-.8-1l-3.700-.7a1 1 0 0 0-1 .4l-1.300 1.800a13 13 0 0 1-6.100-6.100l1.800-1.300a1 1 0 0 0 .4-1L7.600 3.800a1 1 0 0 0-1-.8z',
  hangup: 'M3 14.500c5.500-5 12.500-5 18 0l-1.600 2.700a1 1 0 0 1-1.200.4l-3-1.100a1 1 0 0 1-.7-1v-1.700a9 9 0 0 0-5 0v1.700a1 1 0 0 1-.7 1l-3 1.100a1 1 0 0 1-1.200-.4z',
  mute: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3M4 4l16 16',
  microphone: 'M12 3a3 3 0 0 1 3 3v5a3 3 0 0 1-6 0V6a3 3 0 0 1 3-3zM5 11a7 7 0 0 0 14 0M12 18v3',
  hold: 'M8 5v14M16 5v14',
  resume: 'M7 5l12 7-12 7z',
  keypad: 'M6 6h.01M12 6h.01M18 6h.01M6 12h.01M12 12h.01M18 12h.01M6 18h.01M12 18h.01M18 18h.01',
  transfer: 'M4 9h14l-4-4M20 15H6l4 4',
  erase: 'M9 6h11v12H9l-6-6zM12 10l4 4M16 10l-4 4',
  search: 'M11 4a7 7 0 1 1 0 14 7 7 0 0 1 0-14zM16 16l5 5',
} as const

export const Icon = ({ name }: { name: keyof typeof PATHS }) => (
  <svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
    <path d={PATHS[name]} />
  </svg>
)
