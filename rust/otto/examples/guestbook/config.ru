# frozen_string_literal: true

require_relative "lib/guestbook"

use Rack::Static, urls: ["/style.css"], root: "public"

run Guestbook.new(title: ENV.fetch("GUESTBOOK_TITLE", "Guestbook"))
