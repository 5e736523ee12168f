# Crystal's standard library does blocking calls on fibers: its BIO switches fibers, and raises, inside of SSL_read and
# SSL_write.
#
#   crystal PORT timeout EXCHANGES          a client on one fiber, whose requests are not answered in time now and then
#   crystal PORT fibers EXCHANGES FIBERS    a client with a connection for each fiber
#   crystal 0 server CERTIFICATE KEY        a server with a fiber for each connection; prints its port
#
# The clients say and take what program.h says; their local ports they do not know.
require "http/client"
require "http/server"
require "openssl"
require "socket"

class Client
  @told = [] of String

  def initialize(@port : Int32)
    puts "ready"
    STDOUT.flush
    gets || abort "nothing on stdin"
  end

  def connect
    HTTP::Client.new("127.0.0.1", @port, tls: OpenSSL::SSL::Context::Client.insecure)
  end

  def exchange(client, target, body)
    answer = client.post(target, body: "b" * body).body
    abort "not the answer to #{target}: #{answer}" unless answer == "answer to #{target}; #{body} bytes; end"
    @told << "exchange 0 #{target}"
  end

  # IO::TimeoutError is raised in the BIO, through SSL_read. Without HTTP::Client, which would ask again.
  def time_out(target)
    tcp = TCPSocket.new("127.0.0.1", @port)
    tls = OpenSSL::SSL::Socket::Client.new(tcp, OpenSSL::SSL::Context::Client.insecure)
    HTTP::Request.new("GET", target, HTTP::Headers{"Host" => "localhost"}).to_io(tls)
    tls.flush
    @told << "request 0 #{target}"
    tcp.read_timeout = 0.1
    tls.read_byte
    abort "an answer to #{target}"
  rescue IO::TimeoutError
  end

  def timeouts(exchanges)
    exchanges.times do |i|
      time_out("/held/#{i}")
      client = connect
      2.times { |k| exchange(client, "/after/#{i}/#{k}", 100) }
      client.close
    end
  end

  def fibers(exchanges, fibers)
    ended = Channel(Nil).new
    fibers.times do |i|
      spawn do
        client = connect
        exchanges.times { |k| exchange(client, "/fiber/#{i}/#{k}", 20000) }
        client.close
        ended.send nil
      end
    end
    fibers.times { ended.receive }
  end

  def tell_all
    @told.each { |line| puts line }
  end
end

def serve(certificate, key)
  context = OpenSSL::SSL::Context::Server.new
  context.certificate_chain = certificate
  context.private_key = key
  server = HTTP::Server.new do |http|
    body = http.request.body.try(&.gets_to_end) || ""
    sleep 0.01
    http.response.print "answer to #{http.request.path}; #{body.bytesize} bytes; end"
  end
  puts server.bind_tls("127.0.0.1", 0, context).port
  STDOUT.flush
  Signal::TERM.trap { server.close }
  server.listen
end

case ARGV[1]?
when "timeout"
  client = Client.new(ARGV[0].to_i)
  client.timeouts(ARGV[2].to_i)
  client.tell_all
when "fibers"
  client = Client.new(ARGV[0].to_i)
  client.fibers(ARGV[2].to_i, ARGV[3].to_i)
  client.tell_all
when "server"
  serve(ARGV[2], ARGV[3])
else
  abort "timeout, fibers or server?"
end
