@0x8c7d0ae18b84d2eb;
# What a plugin may call of the host. A plugin reaches nothing that it was not handed.
#
# All of it but `Log` is lent for one call: the host serves what it received before that call's
# answer, and then answers every further use with an error of kind `revoked`. What was derived, such
# as a task or a stream, goes with it. A plugin therefore awaits the answers to its calls before it
# answers itself.

using Appfile = import "appfile.capnp";
using Cxx = import "/capnp/c++.capnp";
using Error = import "error.capnp";
using Stream = import "stream.capnp";
$Cxx.namespace("otto");

struct Host @0xd5da2cd9d370a954 {
  # The capabilities lent for one call.

  ui @0 :Ui;
  # Never null.

  directory @1 :Directory;
  # Never null.

  cancellation @2 :Cancellation;
  # Never null.

  terminal @3 :Terminal;
  # Null if the host has no terminal, and then it does not announce the feature `terminal`.
}

# ==================================================================================================
# Ui

interface Ui @0x83180569996e8155 {
  # The user's screen and keyboard. What is shown is shown in the order of the calls.

  header @0 (text :Text) -> (error :Error.Error);
  # Called to begin a part of the work. Text without colour codes, without a line end.

  message @1 (text :Text) -> (error :Error.Error);
  # Called to say what is being done. Text without colour codes, without a line end.

  raw @2 (text :Text) -> (error :Error.Error);
  # Called to show text as it is: colour codes are kept, and nothing is added.

  input @3 (query :InputQuery) -> (answer :InputAnswer, error :Error.Error);
  # Called to ask the user. It answers when the user does, so there is no limit of time on it. If
  # the user refuses, or nobody can be asked, it answers an error of kind `aborted`.

  progress @4 (start :ProgressStart) -> (task :ProgressTask, error :Error.Error);
  # Called to show that something takes time.

  diagnostic @5 (diagnostic :Diagnostic) -> (error :Error.Error);
  # Called to point at something in the user's files that does not stop the call. What stops it
  # belongs in its error.
}

struct InputQuery @0xca4ddb93af325991 {
  # A question to the user.

  id @0 :Text;
  # A name for the question that stays the same, so that an answer can be given beforehand.

  query @1 :Text;
  # The question, one line.

  description @2 :Text;
  # What the answer is used for. Empty if there is nothing to add.

  default :union {
    none @3 :Void;
    # There is no default: an empty answer is an answer.

    value @4 :Text;
    # Taken if the user answers with nothing.
  }

  hide @5 :Bool;
  # Whether what the user types is to be hidden, and kept out of every log.

  environment @6 :List(Text);
  # Names of environment variables of the host's, tried in order before asking. The host looks up
  # only those which the user allowed for this plugin.
}

struct InputAnswer @0xd4742400b114a28f {
  # What the user answered.

  value @0 :Text;

  source @1 :InputSource;

  variable @2 :Text;
  # With the source `environment`: the name of the variable. Empty with every other one.
}

enum InputSource @0xe9618b222b2e7a69 {
  # Where an answer came from.

  unspecified @0;

  user @1;
  # A person typed it.

  environment @2;
  # It was in an environment variable that the user allowed.

  default @3;
  # It is the default of the question.
}

struct ProgressStart @0xe962efdabdce773f {
  # What a task is.

  title @0 :Text;
  # What is being done, one line.

  total :union {
    unknown @1 :Void;
    # Nobody can say how much there is to do.

    units @2 :UInt64;
    # How much there is to do, in units.
  }

  unit @3 :ProgressUnit;
}

enum ProgressUnit @0xbf2cfa0bf3a315b6 {
  # What the numbers of a task count.

  items @0;

  bytes @1;
}

interface ProgressTask @0xd0d4e7209bff28bd {
  # Something that takes time, on the user's screen. Dropping it without `end` shows it as given
  # up.

  update @0 (units :UInt64, message :Text) -> (error :Error.Error);
  # Called to say how much has been done since the start, in units, and of what it is at. An empty
  # message leaves the last one. After `end` it answers an error of kind `closed`.

  end @1 (message :Text) -> (error :Error.Error);
  # Called once, when the task is complete, with a last message, which may be empty.
}

struct Diagnostic @0xd202cc5bde7116f6 {
  # A remark about the user's files.

  severity @0 :Severity;

  summary @1 :Text;
  # One line.

  detail @2 :Text;
  # Empty if there is nothing to add.

  location :union {
    # Where in the user's files it lies.

    none @3 :Void;
    # It lies in no file.

    at @4 :Error.Location;
  }
}

enum Severity @0xc541bebebefa34bd {
  # How much a remark matters.

  note @0;

  warning @1;

  error @2;
  # Wrong, though it does not stop this call.
}

# ==================================================================================================
# Directory

interface Directory @0x978d5d3371c1be59 {
  # What Otto keeps about an application from one run to the next.
  #
  # A lookup that is not of the call's own application, infrastructure and flavor is answered with
  # an error of kind `denied`. A `put` stores the whole record or nothing. A missing record is not
  # an error.

  putInfra @0 (lookup :Lookup, record :InfraRecord, expect :Expect)
      -> (stamp :Stamp, error :Error.Error);
  # Stores the state of an infrastructure, or of one of its foundations. If what is stored is not
  # what was expected, it answers an error of kind `conflict`, and stores nothing.

  getInfra @1 (lookup :Lookup) -> GetInfraResults;

  deleteInfra @2 (lookup :Lookup) -> (existed :Bool, error :Error.Error);
  # Deletes the record. Deleting a missing one succeeds, and `existed` is false.

  putDev @3 (lookup :Lookup, record :DevRecord, expect :Expect)
      -> (stamp :Stamp, error :Error.Error);
  # As `putInfra`, for the development environment. Looked up by `Lookup.appId` alone.

  getDev @4 (lookup :Lookup) -> GetDevResults;

  deleteDev @5 (lookup :Lookup) -> (existed :Bool, error :Error.Error);
  # As `deleteInfra`.

  putBuild @6 (lookup :Lookup, record :BuildRecord, expect :Expect)
      -> (stamp :Stamp, error :Error.Error);
  # As `putInfra`, for a build. Looked up by application, infrastructure and flavor.

  getBuild @7 (lookup :Lookup) -> GetBuildResults;

  deleteBuild @8 (lookup :Lookup) -> (existed :Bool, error :Error.Error);
  # As `deleteInfra`.

  putDeploy @9 (lookup :Lookup, record :DeployRecord, expect :Expect)
      -> (stamp :Stamp, error :Error.Error);
  # As `putInfra`, for a deploy. Looked up as a build.

  getDeploy @10 (lookup :Lookup) -> GetDeployResults;

  deleteDeploy @11 (lookup :Lookup) -> (existed :Bool, error :Error.Error);
  # As `deleteInfra`.

  putBlob @12 (key :Text) -> (stream :Stream.ByteStream, error :Error.Error);
  # Called to store bytes under a key, in the place of what is there. The key is opaque, at most
  # 1,024 bytes, and the application's own: two applications may use the same one. Nothing is
  # changed before the `done` of the stream has answered without an error.

  getBlob @13 (key :Text, into :Stream.ByteStream) -> GetBlobResults;
  # Called to read the bytes under a key. The host writes them to `into`, and answers after the
  # `done` of that stream. If there are none, it answers at once, and leaves `into` alone. Missing
  # differs from empty.

  deleteBlob @14 (key :Text) -> (existed :Bool, error :Error.Error);
  # As `deleteInfra`.
}

struct Lookup @0xabaaf514c439be2f {
  # Which record is meant. Fields that a kind of record is not looked up by are ignored.

  appId @0 :Text;
  # `Appfile.id` of the call's own application.

  infra @1 :Text;
  # The type of the infrastructure.

  flavor @2 :Text;
  # The flavor of the infrastructure.

  foundation @3 :Text;
  # The name of a foundation, for its own infrastructure record. Empty for the infrastructure's.
}

struct Stamp @0xe2130ca3b6b1f1be {
  # The identity of a stored record. The directory gives it; in a `put` it is ignored.

  id @0 :Text;
  # Given at the first `put`, and kept by the ones that follow.

  revision @1 :UInt64;
  # 1 after the first `put`, and one more after each that follows.
}

struct Expect @0x9f1f08d91f59731f {
  # What a `put` expects to find.

  union {
    any @0 :Void;
    # Whatever is there is replaced.

    missing @1 :Void;
    # There is no record yet.

    revision @2 :UInt64;
    # There is one, of this revision.
  }
}

struct Pair @0xc3904c3b6890c1f7 {
  # A named text. Wherever pairs stand in a list, a key stands there once, and the sender sorts the
  # pairs by the bytes of their keys. A receiver answers a key that stands there twice with an error
  # of kind `invalid`.

  key @0 :Text;
  # Any text, the empty one included.

  value @1 :Text;
}

struct InfraRecord @0xd79a5c52a25d4fc3 {
  # What is known of an infrastructure, or of a foundation.

  stamp @0 :Stamp;

  state @1 :InfraState;

  outputs @2 :List(Pair);
  # What it tells its applications.
}

enum InfraState @0x993d46b31e31dc42 {
  # How far an infrastructure is.

  unspecified @0;

  partial @1;
  # Its set-up has begun and is not complete.

  ready @2;
}

struct DevRecord @0x8fe6d38505de6fe3 {
  # What is known of a development environment.

  stamp @0 :Stamp;

  state @1 :DevState;
}

enum DevState @0xf6ffee2f295c3983 {
  # How far a development environment is.

  unspecified @0;

  new @1;
  # It is being created.

  ready @2;
}

struct BuildRecord @0xc4825605e7d002ca {
  # What is known of the last build.

  stamp @0 :Stamp;

  artifact @1 :List(Pair);
  # What was made: names and places that the plugin's own `deploy` understands.
}

struct DeployRecord @0xc0e3f39848dad5c1 {
  # What is known of the last deploy. A plugin stores it as `new` before it begins, so that a failed
  # one can be found.

  stamp @0 :Stamp;

  state @1 :DeployState;

  deploy @2 :List(Pair);
  # What was deployed, and where: the plugin's own.
}

enum DeployState @0xb66603a283dde3d9 {
  # How a deploy went.

  unspecified @0;

  new @1;
  # It has begun.

  failed @2;

  success @3;
}

struct GetInfraResults @0xa06c938d32d8a638 {
  # The answer of `Directory.getInfra`.

  record :union {
    none @0 :Void;
    # There is no such record.

    value @1 :InfraRecord;
  }

  error @2 :Error.Error;
}

struct GetDevResults @0xa0e16f1e38105bd4 {
  # The answer of `Directory.getDev`.

  record :union {
    none @0 :Void;
    # There is no such record.

    value @1 :DevRecord;
  }

  error @2 :Error.Error;
}

struct GetBuildResults @0xc0f5e3a66f2fe478 {
  # The answer of `Directory.getBuild`.

  record :union {
    none @0 :Void;
    # There is no such record.

    value @1 :BuildRecord;
  }

  error @2 :Error.Error;
}

struct GetDeployResults @0xd1f324e6d5d878e7 {
  # The answer of `Directory.getDeploy`.

  record :union {
    none @0 :Void;
    # There is no such record.

    value @1 :DeployRecord;
  }

  error @2 :Error.Error;
}

struct GetBlobResults @0x8205d20c2b1f1052 {
  # The answer of `Directory.getBlob`.

  size :union {
    none @0 :Void;
    # There is nothing under the key.

    bytes @1 :UInt64;
    # How many bytes were written to the stream.
  }

  error @2 :Error.Error;
}

# ==================================================================================================
# Cancellation

interface Cancellation @0x944134421deb35b4 {
  # How a call learns that it is to stop.

  wait @0 () -> (reason :CancelReason);
  # Called by the plugin, once, when it takes up the call. It answers when the host wants the call
  # to stop, and the plugin then stops its work, takes its child processes with it, and answers the
  # call with an error of kind `cancelled`. When the call is over, the host answers every open and
  # every late `wait` with `ended`, and nothing is to be done.
}

enum CancelReason @0xae3cfbed549f34c1 {
  # Why a `wait` was answered.

  unspecified @0;
  # The call is to stop, for a reason that the reader does not know.

  ended @1;
  # The call is over. Nothing is to be done.

  user @2;
  # A person wants it to stop.

  timeout @3;
  # It took longer than the host allows.

  shutdown @4;
  # The session is ending.
}

# ==================================================================================================
# Terminal

interface Terminal @0x852a5fa6e85784b6 {
  # The user's terminal. The feature `terminal`: lent only by hosts that announce it.

  run @0 (argv :List(Text), dir :Text, env :List(Pair)) -> (status :ExitStatus, error :Error.Error);
  # Called to run a program in the foreground of the user's terminal. The `Ui` shows nothing
  # meanwhile. It answers when the program has ended. `argv` holds the program, looked up on the
  # host's PATH, and its arguments; `dir` is the absolute path to run it in; `env` is added to the
  # environment that the host gives it. A program that cannot be started is an error of kind
  # `unavailable`.
}

struct ExitStatus @0xa0e9e98860180a96 {
  # How a program ended.

  union {
    code @0 :Int32;
    # It ended by itself, with this status.

    signal @1 :Int32;
    # This signal ended it.
  }
}

# ==================================================================================================
# Log

interface Log @0xe5def1ba683b01fc {
  # The host's log, which is not the user's screen. Handed over with `Plugin.connect`, and good for
  # the whole session. Losing it, or an error from it, never makes a call fail.

  write @0 (record :LogRecord) -> (error :Error.Error);
  # Called at any time. A plugin logs no secret.
}

struct LogRecord @0xee6cb232414059c1 {
  # Something that a plugin noted.

  level @0 :LogLevel;

  target @1 :Text;
  # The part of the plugin that noted it. Empty if it has no name.

  message @2 :Text;

  fields @3 :List(Appfile.Member);
  # What belongs to it, by name.

  timeUnixNs @4 :Int64;
  # When it was noted, in nanoseconds since 1970-01-01T00:00:00Z.
}

enum LogLevel @0xb8d7c05f21e9d44f {
  # How much a record matters. A number that the reader does not know reads as `info`.

  info @0;

  trace @1;

  debug @2;

  warn @3;

  error @4;
}
