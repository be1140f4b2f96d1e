# What Ruby's Psych makes of documents: a list of texts per line of stdin, a list of values per line of stdout.
#
# JSON has neither a symbol nor a date nor keys that are no strings: so an integer is {"integer": "1"}, a float
# {"float": "1.5"}, a mapping {"map": [[key, value], …]}, what else is no plain value {"other": what}, and a refusal
# {"error": why}.

require "json"
require "psych"

# YAML.load_file passes over a byte order mark; a string that was read from a file in another way still has it.
MARK = "\uFEFF"

def told(value)
  case value
  when nil, true, false, String then value
  when Integer then { integer: value.to_s }
  when Float then { float: value.to_s }
  when Array then value.map { |item| told(item) }
  when Hash then { map: value.map { |key, item| [told(key), told(item)] } }
  else { other: "#{value.class} #{value.inspect}" }
  end
end

# Psych 4 reads dates and symbols where it is asked for them; older ones always do. Of a text without a document it makes
# the fallback.
def answered(text)
  text = text.delete_prefix(MARK)
  told(Psych.respond_to?(:unsafe_load) ? Psych.unsafe_load(text, fallback: nil) : Psych.load(text, fallback: nil))
rescue StandardError => error
  { error: error.message }
end

STDIN.set_encoding("UTF-8")
STDOUT.sync = true
puts "ready"
STDIN.each_line { |line| puts JSON.generate(JSON.parse(line).map { |text| answered(text) }, max_nesting: 0) }
