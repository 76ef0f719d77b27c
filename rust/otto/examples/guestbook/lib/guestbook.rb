# frozen_string_literal: true

require "erb"
require "rack"

# Keeps what visitors write for as long as it runs, and shows it.
class Guestbook
  include ERB::Util

  PAGE = ERB.new(<<~HTML, trim_mode: "-")
    <!doctype html>
    <link rel="stylesheet" href="/style.css">
    <title><%= h @title %></title>
    <h1><%= h @title %></h1>
    <form method="post"><input name="words" maxlength="200"> <button>Sign</button></form>
    <%- entries.reverse_each do |words| -%>
    <p><%= h words %></p>
    <%- end -%>
  HTML

  # The oldest entries make room for new ones.
  LIMIT = 100

  def initialize(title:)
    @title = title
    @entries = []
    @lock = Mutex.new
  end

  def call(env)
    request = Rack::Request.new(env)
    return show unless request.post?

    sign(request.params["words"].to_s.strip[0, 200])
    [303, { "location" => "/" }, []]
  end

  private

  def sign(words)
    return if words.empty?

    @lock.synchronize do
      @entries.push(words)
      @entries.shift while @entries.size > LIMIT
    end
  end

  def show
    entries = @lock.synchronize { @entries.dup }
    [200, { "content-type" => "text/html; charset=utf-8" }, [PAGE.result(binding)]]
  end
end
