@0x9f5d0b7c1c0a100d;
# Comments, with what Markdown would take for something else: [links], <tags> and `[code] <in>
# quotes`.

struct Documented @0xc0ffee000000d001 {
  # A list:
  #
  # * one
  # * two
  #
  #     indented
  #
  # ```
  # let [x] = <y>;
  # ```

  field @0 :Text;
  # Ends with a quote: `a [b`
  # <c>` d.
}
