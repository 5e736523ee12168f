"""libcurl.py LIBRARY URL [CA]: fetches an URL with this libcurl (they differ in their TLS), and prints its answer."""
import ctypes
import sys

URL, CAINFO, SSL_VERIFYPEER, WRITEFUNCTION = 10002, 10065, 64, 20011  # CURLOPT_* of curl/curl.h


@ctypes.CFUNCTYPE(ctypes.c_size_t, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_size_t, ctypes.c_void_p)
def write(data, size, count, _):
    sys.stdout.buffer.write(ctypes.string_at(data, size * count))
    return size * count


library, url, *ca = sys.argv[1:]
curl = ctypes.CDLL(library)
curl.curl_easy_init.restype = ctypes.c_void_p
handle = ctypes.c_void_p(curl.curl_easy_init())
curl.curl_easy_setopt(handle, ctypes.c_int(URL), url.encode())
curl.curl_easy_setopt(handle, ctypes.c_int(WRITEFUNCTION), write)
if ca:
    curl.curl_easy_setopt(handle, ctypes.c_int(CAINFO), ca[0].encode())
else:
    curl.curl_easy_setopt(handle, ctypes.c_int(SSL_VERIFYPEER), ctypes.c_long(0))
status = curl.curl_easy_perform(handle)
curl.curl_easy_cleanup(handle)
sys.exit(status)
